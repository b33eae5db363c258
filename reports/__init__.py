"""Show facts: charts, theme, page and templates; reads marts and computes nothing.

`quarterdeck.reports.page` has `write_report` and `render`.
"""
