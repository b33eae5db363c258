"""Release dates of agents, as marks beside the multiple: read from a file, placed in quarters."""

from __future__ import annotations

import datetime as dt
import string
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from quarterdeck.reports.errors import ReportError
from quarterdeck.reports.facts import Multiple

#: The file that comes with Quarterdeck.
OWN: Final = Path(__file__).parent / "releases.toml"
_LETTERS: Final = string.ascii_lowercase


@dataclass(frozen=True)
class Release:
    """What came out on a day, and where that is written."""

    date: dt.date
    name: str
    source: str


@dataclass(frozen=True)
class Marks:
    """Letters by quarter, and the sentences that say what they stand for."""

    by_quarter: dict[str, list[str]]
    notes: list[str]


def read_releases(path: Path) -> tuple[Release, ...]:
    """Read a TOML file of `[[releases]]` with `date`, `name` and `source`, oldest first.

    Raises:
        ReportError: the file cannot be read, or an entry is not as it should be.
    """
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ReportError(
            f"The release dates cannot be read ({error})", path, "Name a TOML file."
        ) from error
    entries = found.get("releases")
    if not isinstance(entries, list):
        raise ReportError("There is no [[releases]]", path, "See docs/settings.md for its form.")
    releases = [_release(entry, number, path) for number, entry in enumerate(entries, 1)]
    return tuple(sorted(releases, key=lambda release: (release.date, release.name)))


def chosen_releases(choice: bool | Path) -> tuple[Release, ...]:
    """The releases to mark: none, those that come with Quarterdeck, or those of one's own file.

    Raises:
        ReportError: the file cannot be read or is not as it should be.
    """
    if isinstance(choice, bool):
        return read_releases(OWN) if choice else ()
    return read_releases(choice)


def _release(entry: Any, number: int, path: Path) -> Release:
    wanted = {"date": dt.date, "name": str, "source": str}
    if (
        isinstance(entry, dict)
        and entry.keys() == wanted.keys()
        and all(type(entry[key]) is kind and entry[key] for key, kind in wanted.items())
    ):
        return Release(**entry)
    raise ReportError(
        f"Release {number} is not a date, a name and a source",
        path,
        'Write it as: date = 2025-02-24, name = "...", source = "...".',
    )


def in_quarters(releases: Sequence[Release], rows: Sequence[Multiple]) -> Marks:
    """Give a letter to each release that falls in a quarter shown; the rest is left out."""
    by_quarter: dict[str, list[str]] = {}
    said = []
    for release in releases:
        quarter = next((row.quarter for row in rows if _holds(row, release.date)), None)
        if quarter is None or len(said) == len(_LETTERS):
            continue
        letter = _LETTERS[len(said)]
        by_quarter.setdefault(quarter, []).append(letter)
        said.append(f"{letter} {release.name}, {release.date.isoformat()}")
    notes = [f"Dotted: releases, not causes. {'; '.join(said)}."] if said else []
    return Marks(by_quarter, notes)


def _holds(row: Multiple, day: dt.date) -> bool:
    months = 12 * (day.year - row.quarter_start.year) + day.month - row.quarter_start.month
    return 0 <= months < 3
