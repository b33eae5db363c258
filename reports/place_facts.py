"""Records of where the code landed: repositories, teams, classes of file, languages."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class FileClass:
    """Added and deleted lines of one file class in one quarter; `share` is 0 to 1 of the added."""

    quarter: str
    file_class: str
    added: int | None
    deleted: int | None
    files: int | None
    share: float | None


@dataclass(frozen=True)
class Repository:
    """One repository, with its own multiple in the latest whole quarter."""

    name: str
    status: str
    problem: str | None
    landed_changes: int | None
    code_lines: int | None
    contributors: int | None
    pull_requests: int | None
    multiple: float | None
    low: float | None
    high: float | None
    missing_files: int | None
    is_shallow: bool
    last_landed: date | None
    mined: str | None
    tip: str | None


@dataclass(frozen=True)
class Team:
    """One team in the latest whole quarter; shares are 0 to 1 of its code lines."""

    name: str
    multiple: float | None
    low: float | None
    high: float | None
    reason: str | None
    landed_changes: int | None
    active_contributors: float | None
    code_lines: int | None
    model_share: float | None
    undeclared_share: float | None


@dataclass(frozen=True)
class PlaceQuarter:
    """One repository or team in one quarter, against its own baseline; shares are 0 to 1."""

    kind: str
    name: str
    quarter: str
    quarter_start: date
    is_partial: bool
    landed_changes: int | None
    multiple: float | None
    low: float | None
    high: float | None
    n: int | None
    reason: str | None
    model_share: float | None


@dataclass(frozen=True)
class LanguageQuarter:
    """Added code lines in one language, or in all smaller ones; `share` is 0 to 1 of all.

    `languages` is how many of them have lines in the quarter.
    """

    language: str
    is_other: bool
    quarter: str
    added: int | None
    share: float | None
    languages: int
