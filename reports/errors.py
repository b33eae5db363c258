"""Errors that making a report raises."""

from __future__ import annotations

from pathlib import Path


class ReportError(Exception):
    """A report cannot be made: what is wrong, where, and what to do about it."""

    def __init__(self, what: str, where: Path, remedy: str) -> None:
        super().__init__(what, where, remedy)
        self.what = what
        self.where = where
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.what}: {self.where}\n{self.remedy}"
