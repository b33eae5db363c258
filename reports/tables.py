"""Tables as the page shows them, and the same rows as CSV."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, Literal
from urllib.parse import quote

from quarterdeck.reports import formats as fmt

Kind = Literal["text", "date", "count", "ratio", "share", "points"]
Columns = Sequence[tuple[str, Kind]]


def _share(value: float | None) -> str:
    if value is None:
        return fmt.MISSING
    return "<0.1%" if 0 < value < 0.0005 else f"{100 * value:.1f}%"


def _ratio(value: float | None) -> str:
    if value is None:
        return fmt.MISSING
    small = 0 < abs(value) < 0.095
    return (f"{value:.2g}" if small else f"{value:,.2f}").replace("-", "−")


_FORMATS: Final[dict[Kind, Callable[[Any], str]]] = {
    "text": lambda value: fmt.MISSING if value in (None, "") else str(value),
    "date": lambda value: fmt.MISSING if value is None else str(value),
    "count": fmt.count,
    "ratio": _ratio,
    "share": _share,
    "points": lambda value: fmt.MISSING if value is None else f"{value:+.1f}".replace("-", "−"),
}
#: What an address must have escaped. Other alphabets may stand in it as they are, and are shorter.
_RESERVED: Final = re.compile(r"[\x00-\x20\"#%&'+<=>?\[\\\]^`{|}\x7f]+")
_FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r", "\n")


@dataclass(frozen=True)
class Column:
    """A column: its heading, which names the unit where there is one, and how to print it."""

    name: str
    kind: Kind = "text"


@dataclass(frozen=True)
class Table:
    """The rows behind a figure; `name` is the stem of the CSV file."""

    name: str
    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Any, ...], ...]

    def text_columns(self) -> str:
        """Return a class for each column of text, from the first: `t1 t4`."""
        columns = enumerate(self.columns, start=1)
        return " ".join(f"t{place}" for place, column in columns if column.kind == "text")

    def cells(self) -> list[list[str]]:
        """Return each row's cells as the text to print."""
        return [
            [_FORMATS[column.kind](value) for column, value in zip(self.columns, row, strict=True)]
            for row in self.rows
        ]

    def csv(self) -> str:
        """Return the rows as CSV, numbers in nine digits; a missing value is an empty cell.

        Text that a spreadsheet would run as a formula is given a leading apostrophe.
        """
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow([column.name for column in self.columns])
        writer.writerows([_plain(value) for value in row] for row in self.rows)
        return out.getvalue()

    def csv_link(self) -> str:
        """Return the CSV as a `data:` address, which needs neither network nor script."""
        return "data:text/csv;charset=utf-8," + _RESERVED.sub(
            lambda match: quote(match.group()), self.csv()
        )


def table(name: str, caption: str, columns: Columns, rows: Sequence[tuple[Any, ...]]) -> Table:
    """Make a `Table` from pairs of heading and kind, and rows of raw values."""
    return Table(name, caption, tuple(Column(*column) for column in columns), tuple(rows))


def _plain(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return f"'{value}" if value.startswith(_FORMULA_STARTS) else value
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float) and abs(value) < 1e8:
        return f"{value:.9g}"
    return repr(value)
