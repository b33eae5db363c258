"""Shape facts: raw, staging, attribution, marts and checks, as plain SQL files and a small runner."""
