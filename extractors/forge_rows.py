"""Rows of a file, whatever its form: CSV, JSON, JSON Lines or Parquet, gzipped or not."""

import csv
import gzip
import json
import sys
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

import polars as pl

from quarterdeck.extractors.errors import ForgeFileError
from quarterdeck.extractors.forge_values import Troubles

#: A row: where it stands, and its cells by column; of nested objects `outer.inner`.
Row = tuple[str, Mapping[str, Any]]

_FORMS = {
    ".csv": "csv",
    ".tsv": "csv",
    ".json": "json",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".parquet": "parquet",
}
_BATCH = 20_000
_TEXT = "utf-8-sig"


def form_of(path: Path) -> str:
    """The form that the name of a file tells.

    Raises:
        ForgeFileError: it tells none.
    """
    suffixes = [suffix.lower() for suffix in path.suffixes if suffix.lower() != ".gz"]
    form = _FORMS.get(suffixes[-1]) if suffixes else None
    if form is None:
        raise ForgeFileError(
            f"{path}: its name tells no form; end it in one of {', '.join(_FORMS)} (and .gz), or "
            "give `format`"
        )
    return form


def read_rows(path: Path, form: str, separator: str | None, troubles: Troubles) -> Iterator[Row]:
    """The rows of a file, one after the other.

    Args:
        path: the file.
        form: csv, json, jsonl or parquet.
        separator: of a CSV; None: a tab in a .tsv, else the one that its header has most of.
        troubles: counts what was wrong in single rows.

    Raises:
        ForgeFileError: the file cannot be read, or is not of that form.
    """
    readers = {"json": _json, "jsonl": _json_lines, "parquet": _parquet}
    try:
        if form == "csv":
            yield from _csv(path, separator, troubles)
        else:
            yield from readers[form](path, troubles)
    except OSError as error:
        raise ForgeFileError(
            f"{path}: cannot be read: {error.strerror or error}; correct `path`, or make the file "
            "readable"
        ) from error
    except (EOFError, zlib.error) as error:
        raise ForgeFileError(
            f"{path}: it ends early, or is no gzip file ({error}); fetch it again"
        ) from error


@contextmanager
def open_text(path: Path) -> Iterator[TextIO]:
    """A file as text, unpacked where it is gzipped; what is no UTF-8 is replaced."""
    if path.name.lower().endswith(".gz"):
        with gzip.open(path, "rt", encoding=_TEXT, errors="replace", newline="") as packed:
            yield packed
    else:
        with path.open(encoding=_TEXT, errors="replace", newline="") as text:
            yield text


def _csv(path: Path, separator: str | None, troubles: Troubles) -> Iterator[Row]:
    csv.field_size_limit(min(sys.maxsize, 2**31 - 1))
    with open_text(path) as text:
        first = text.readline()
        if not first.strip():
            raise ForgeFileError(f"{path}: has no header; its first line must name the columns")
        separator = separator or max("\t;,|", key=lambda one: (first.count(one), one == ","))
        header = next(csv.reader([first], delimiter=separator))
        twice = sorted({name for name in header if header.count(name) > 1})
        if twice:
            raise ForgeFileError(f"{path}: two columns are called {twice[0]!r}; rename one")
        try:
            reader = csv.reader(text, delimiter=separator, strict=True)
            for cells in reader:
                where = f"line {reader.line_num + 1}"
                if not cells:
                    continue
                if len(cells) != len(header):
                    troubles.add("rows with more or fewer cells than the header", where, len(cells))
                yield where, dict(zip(header, cells, strict=False))
        except csv.Error as error:
            raise ForgeFileError(
                f"{path}: not a CSV after line {reader.line_num}: {error}; is the separator right "
                "(`separator`), is a quote not closed?"
            ) from error


def _json(path: Path, troubles: Troubles) -> Iterator[Row]:
    with open_text(path) as text:
        try:
            found = json.load(text)
        except ValueError as error:
            raise ForgeFileError(
                f"{path}: not JSON: {error}; for one object a line name it .jsonl, or give `format`"
            ) from error
    if isinstance(found, dict):
        lists = [value for value in found.values() if isinstance(value, list)]
        found = lists[0] if len(lists) == 1 else [found]
    if not isinstance(found, list):
        raise ForgeFileError(f"{path}: holds no list of objects")
    for number, item in enumerate(found, start=1):
        if isinstance(item, dict):
            yield f"object {number}", _flat(item)
        else:
            troubles.add("entries that are no objects", f"object {number}", item)


def _json_lines(path: Path, troubles: Troubles) -> Iterator[Row]:
    with open_text(path) as text:
        for number, line in enumerate(text, start=1):
            if not line.strip():
                continue
            try:
                item = json.loads(line)
            except ValueError:
                item = None
            if isinstance(item, dict):
                yield f"line {number}", _flat(item)
            else:
                troubles.add("lines that are no JSON objects", f"line {number}", line.strip())


def _parquet(path: Path, _troubles: Troubles) -> Iterator[Row]:
    try:
        frame = pl.scan_parquet(path, glob=False)
        total = frame.select(pl.len()).collect().item()
        for start in range(0, total, _BATCH):
            batch = frame.slice(start, _BATCH).collect()
            for number, item in enumerate(batch.iter_rows(named=True), start=start + 1):
                yield f"row {number}", _flat(item)
    except pl.exceptions.PolarsError as error:
        raise ForgeFileError(f"{path}: not a Parquet file that can be read: {error}") from error


def _flat(item: Mapping[str, Any]) -> dict[str, Any]:
    """Objects within objects as `outer.inner`, beside the whole of them."""
    flat: dict[str, Any] = {}
    for name, value in item.items():
        flat[name] = value
        if isinstance(value, dict):
            flat |= {f"{name}.{inner}": cell for inner, cell in _flat(value).items()}
    return flat
