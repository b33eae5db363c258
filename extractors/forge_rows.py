"""Rows of a file, whatever its form: CSV, JSON, JSON Lines or Parquet, gzipped or not."""

import codecs
import csv
import gzip
import io
import json
import re
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
_UTF_16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_REPLACED = "\ufffd"


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


def read_rows(
    path: Path,
    form: str,
    separator: str | None,
    troubles: Troubles,
    encoding: str | None = None,
) -> Iterator[Row]:
    """The rows of a file, one after the other.

    Args:
        path: the file.
        form: csv, json, jsonl or parquet.
        separator: of a CSV; None: a tab in a .tsv, else the one that its header has most of.
        troubles: counts what was wrong in single rows.
        encoding: of text; None: UTF-8, or UTF-16 where the file begins with its mark.

    Raises:
        ForgeFileError: the file cannot be read, or is not of that form.
    """
    try:
        if form == "csv":
            rows = _csv(path, separator, encoding, troubles)
        elif form == "parquet":
            rows = _parquet(path)
        else:
            rows = (_json if form == "json" else _json_lines)(path, encoding, troubles)
        for where, cells in rows:
            if any(isinstance(cell, str) and _REPLACED in cell for cell in cells.values()):
                troubles.add("rows with characters that could not be read (`encoding`)", where)
            yield where, cells
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
def open_text(path: Path, encoding: str | None = None) -> Iterator[TextIO]:
    """A file as text, unpacked where it is gzipped; what is not of its encoding is replaced."""
    is_packed = path.name.lower().endswith(".gz")
    with gzip.open(path) if is_packed else path.open("rb") as content:
        start = content.read(2)
        content.seek(0)
        encoding = encoding or ("utf-16" if start in _UTF_16_MARKS else _TEXT)
        with io.TextIOWrapper(content, encoding, errors="replace", newline="") as text:
            yield text


def _csv(
    path: Path, separator: str | None, encoding: str | None, troubles: Troubles
) -> Iterator[Row]:
    csv.field_size_limit(min(sys.maxsize, 2**31 - 1))
    before = 1  # lines above the rows
    with open_text(path, encoding) as text:
        first = text.readline()
        if told := re.fullmatch(r'"?sep=(.)"?', first.strip()):  # as spreadsheets write it
            separator, first, before = told[1], text.readline(), 2
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
                where = f"line {reader.line_num + before}"
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


def _json(path: Path, encoding: str | None, troubles: Troubles) -> Iterator[Row]:
    with open_text(path, encoding) as text:
        try:
            found = json.load(text)
        except (ValueError, RecursionError) as error:
            raise ForgeFileError(
                f"{path}: not JSON: {error}; for one object a line name it .jsonl, or give `format`"
            ) from error
    if isinstance(found, dict) and "number" in found:
        found = [found]
    elif isinstance(found, dict):
        lists = [value for value in found.values() if isinstance(value, list)]
        found = lists[0] if len(lists) == 1 else [found]
    if not isinstance(found, list):
        raise ForgeFileError(f"{path}: holds no list of objects")
    for number, item in enumerate(found, start=1):
        if isinstance(item, dict):
            yield f"object {number}", _flat(item)
        else:
            troubles.add("entries that are no objects", f"object {number}", item)


def _json_lines(path: Path, encoding: str | None, troubles: Troubles) -> Iterator[Row]:
    with open_text(path, encoding) as text:
        for number, line in enumerate(text, start=1):
            if not line.strip():
                continue
            try:
                item = json.loads(line)
            except (ValueError, RecursionError):
                item = None
            if isinstance(item, dict):
                yield f"line {number}", _flat(item)
            else:
                troubles.add("lines that are no JSON objects", f"line {number}", line.strip())


def _parquet(path: Path) -> Iterator[Row]:
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
        if isinstance(value, bytes):  # Parquet of writers that do not mark their texts as such
            value = value.decode("utf-8", "replace")
        flat[name] = value
        if isinstance(value, dict):
            flat |= {f"{name}.{inner}": cell for inner, cell in _flat(value).items()}
    return flat
