"""Judge numbers: intervals and trends, as pure functions from arrays to numbers."""
