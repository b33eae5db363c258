"""Show facts: charts, theme, page and templates; reads marts and computes nothing."""

from quarterdeck.reports.errors import ReportError
from quarterdeck.reports.page import render, write_report

__all__ = ["ReportError", "render", "write_report"]
