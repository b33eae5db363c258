"""Get facts: git history, pull requests and file classes, as polars frames with fixed schemas."""
