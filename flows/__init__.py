"""Run it: command line, settings, the Prefect flows and their thin tasks."""
