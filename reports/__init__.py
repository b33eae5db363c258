"""Show marts: charts, theme, page and templates. Nothing is computed here."""
