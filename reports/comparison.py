"""Two quarters side by side: every headline measure with its interval, n, and the difference."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final, Literal

import duckdb

from quarterdeck.reports import formats as fmt
from quarterdeck.reports import wording
from quarterdeck.reports.errors import ReportError
from quarterdeck.reports.facts import read_facts
from quarterdeck.reports.queries import COMPARISON
from quarterdeck.sql.connect import connect_read_only

Kind = Literal["multiple", "share"]
_LABELS: Final = {
    "model_share": "Model share of code lines",
    "undeclared_share": "Undeclared share of code lines",
    "churn30": "Lines dead within 30 days",
    "alive_share_90_days": "Lines alive at 90 days, share",
}


@dataclass(frozen=True)
class Side:
    """A measure in one quarter: a ratio to the baseline or a share (0 to 1), and its interval."""

    value: float | None
    low: float | None
    high: float | None
    n: float | None
    reason: str | None


@dataclass(frozen=True)
class Compared:
    """One measure in both quarters; `difference` is in its own unit, the second less the first."""

    kind: Kind
    measure: str
    label: str
    first: Side
    second: Side
    difference: float | None


@dataclass(frozen=True)
class Comparison:
    """What two quarters of an organisation have in their headline measures."""

    organisation: str
    first: str
    second: str
    partial: tuple[str, ...]
    rows: tuple[Compared, ...]

    @property
    def title(self) -> str:
        """What is compared."""
        return f"{self.organisation}: {self.first} and {self.second}"

    @property
    def note(self) -> str:
        """How to read the rows."""
        notes = [
            "Multiples are against the baseline. Of the model share, the bounds are given: "
            "declared and attested lines alone, and every undeclared line as well.",
            *(f"{quarter} is not finished." for quarter in self.partial),
        ]
        return " ".join(notes)


def compare(database: Path, first: str, second: str, repository: str | None = None) -> Comparison:
    """Read two quarters, named as in `marts.quarters`, of all or of one repository.

    Raises:
        DatabaseError: the database cannot be opened.
        ReportError: it has no such quarter or repository, or was built by an older version.
    """
    with connect_read_only(database) as connection:
        try:
            overview = read_facts(database, connection, repository).overview
            known = connection.execute(
                "select quarter, bool_or(is_partial) from marts.multiples"
                " where scope = 'organisation' group by all order by min(quarter_start)"
            ).fetchall()
            chosen = {
                "first": first,
                "second": second,
                "scope": "organisation" if repository is None else "repository",
                "scope_name": repository,
            }
            found = connection.execute(COMPARISON, chosen).fetchall()
        except (duckdb.CatalogException, duckdb.BinderException) as error:
            raise ReportError(
                f"The database lacks what a comparison reads ({str(error).splitlines()[0]})",
                database,
                "Rebuild it with this version of Quarterdeck: `quarterdeck build`.",
            ) from error
    quarters = dict(known)
    for quarter in (first, second):
        if quarter not in quarters:
            spans = f"{known[0][0]} to {known[-1][0]}" if known else "none"
            raise ReportError(f"No quarter {quarter!r}", database, f"It holds: {spans}.")
    partial = tuple(q for q in dict.fromkeys((first, second)) if quarters[q])
    rows = tuple(
        Compared(kind, measure, _label(measure), Side(*row[:5]), Side(*row[5:10]), row[10])
        for kind, measure, *row in found
    )
    return Comparison(overview.name, first, second, partial, rows)


def comparison_rows(said: Comparison) -> list[tuple[str, ...]]:
    """The rows as text: measure, then value, interval and n of each quarter, and the difference."""
    return [
        (row.label, *_side(row, row.first), *_side(row, row.second), _difference(row))
        for row in said.rows
    ]


def comparison_json(said: Comparison) -> str:
    """The comparison as one JSON object; missing is null."""
    return json.dumps(asdict(said), indent=2, sort_keys=True, allow_nan=False) + "\n"


def _label(measure: str) -> str:
    if measure in _LABELS:
        return _LABELS[measure]
    if measure.startswith("merged "):
        author_class = measure.removeprefix("merged ")
        return f"Merged, {wording.AUTHOR_CLASSES.get(author_class, author_class).lower()}"
    return f"Multiple: {wording.MEASURES.get(measure, measure).lower()}"


def _side(row: Compared, side: Side) -> tuple[str, str, str]:
    if side.value is None:
        return fmt.MISSING, side.reason or "", fmt.count(side.n)
    if row.kind == "multiple":
        return fmt.times(side.value), fmt.times_interval(side.low, side.high), fmt.count(side.n)
    interval = fmt.percent_interval(side.low, side.high)
    return fmt.percent(side.value), interval, fmt.count(side.n)


def _difference(row: Compared) -> str:
    if row.difference is None:
        return fmt.MISSING
    if row.kind == "multiple":
        return fmt.signed(row.difference).replace(" ", "") + "×"
    return fmt.signed(100 * row.difference, "points")
