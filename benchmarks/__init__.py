"""Measurements against git and other miners; run from a checkout, not packaged."""
