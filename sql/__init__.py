"""Shape facts: raw, staging, attribution, marts and checks, in plain SQL and a small runner."""
