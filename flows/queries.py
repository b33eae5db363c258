"""Asking the published database: `query` and `describe`."""

import difflib
import json
import sys
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from quarterdeck.flows.errors import QueryError
from quarterdeck.flows.text import printable, printable_lines
from quarterdeck.sql.connect import connect_read_only
from quarterdeck.sql.descriptions import describe, describe_macros
from quarterdeck.sql.objects import SCHEMAS


def print_query(database: Path, query: str, form: str, output: Path | None) -> None:
    """Run a query read-only and print its rows as table, csv, json or parquet.

    Raises:
        DatabaseError: the database cannot be opened.
        QueryError: the query is not valid, or the output cannot be written.
    """
    if form == "parquet" and output is None and sys.stdout.isatty():
        raise QueryError("parquet is not for a terminal; give --output FILE, or a pipe")
    with connect_read_only(database) as connection:
        try:
            relation = connection.sql(query)
            frame = relation.pl() if relation is not None else pl.DataFrame()
        except pl.exceptions.PolarsError as error:
            raise QueryError(f"a column has no form here: {error}; cast it to varchar") from error
        except duckdb.Error as error:
            raise QueryError(
                f"the query failed: {error}; `quarterdeck describe` lists tables"
            ) from error
    if form == "table" and output is None:
        _print_table(frame)
        return
    try:
        _write(frame, form, output)
    except OSError as error:
        place = output if output is not None else "standard output"
        raise QueryError(f"{place}: cannot be written: {error.strerror or error}") from error
    except pl.exceptions.PolarsError as error:
        raise QueryError(f"{form} cannot hold a column: {error}; cast it to varchar") from error


def _write(frame: pl.DataFrame, form: str, output: Path | None) -> None:
    if form == "parquet":
        frame.write_parquet(output if output is not None else sys.stdout.buffer)
        return
    if form == "csv":
        text = _flat(frame).write_csv()
    else:
        text = json.dumps(frame.to_dicts(), default=str, ensure_ascii=False, indent=1) + "\n"
    if output is None:
        sys.stdout.write(printable_lines(text) if sys.stdout.isatty() else text)
    else:
        output.write_text(text, encoding="utf-8")


def _flat(frame: pl.DataFrame) -> pl.DataFrame:
    """Lists and structs as JSON text, which CSV can hold."""
    nested = [name for name, kind in frame.schema.items() if kind.is_nested()]
    return frame.with_columns(
        pl.Series(
            name,
            [
                json.dumps(v.to_list() if isinstance(v, pl.Series) else v, default=str)
                for v in frame[name]
            ],
        )
        for name in nested
    )


def _print_table(frame: pl.DataFrame) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=SIMPLE_HEAD)
    for name, kind in frame.schema.items():
        table.add_column(Text(name), justify="right" if kind.is_numeric() else "left")
    for row in frame.iter_rows():
        table.add_row(*(Text(_cell(value)) for value in row))
    console = Console(width=None if sys.stdout.isatty() else 10_000, highlight=False)
    console.print(table, soft_wrap=not sys.stdout.isatty())
    console.print(f"{frame.height:,} row{'' if frame.height == 1 else 's'}")


def _cell(value: Any) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, float):
        return f"{value:,.4f}".rstrip("0").rstrip(".")
    return printable(str(value))


def describe_tables(database: Path, table: str | None, *, everything: bool, as_json: bool) -> None:
    """Print the comments of the tables, or of one table's columns.

    Args:
        database: the published database.
        table: its name, with or without `marts.`, or that of a macro; without it, all of them.
        everything: whether to list raw, staging and attribution beside marts.
        as_json: print JSON.

    Raises:
        DatabaseError: the database cannot be opened.
        QueryError: there is no such table or macro.
    """
    with connect_read_only(database) as connection:
        columns = describe(connection, SCHEMAS)
        macros = describe_macros(connection)
    columns = columns.with_columns(name=pl.col("schema_name") + "." + pl.col("table_name"))
    wanted = None if table is None else _name_meant(table, columns["name"], macros["name"])
    if wanted in macros["name"]:
        shown = macros.filter(name=wanted)
    elif wanted is not None:
        columns = columns.filter(name=wanted)
        shown = columns.select("column_name", "data_type", "column_comment")
    else:
        if not everything:
            columns = columns.filter(schema_name="marts")
        shown = columns.group_by("name", maintain_order=True).agg(
            pl.col("table_comment").first(), pl.len().alias("columns")
        )
        called = pl.col("name") + "(" + pl.col("parameters") + ")"
        shown = pl.concat(
            [shown, macros.select(name=called, table_comment="comment")], how="diagonal"
        )
    if as_json:
        print(json.dumps(shown.to_dicts(), indent=1, ensure_ascii=False))
        return
    if wanted in columns["name"]:
        print(f"{wanted}: {columns['table_comment'][0]}")
    _print_table(shown)


def _name_meant(name: str, tables: pl.Series, macros: pl.Series) -> str:
    """A table or macro as the database spells it; like DuckDB, in any case."""
    names: dict[str, str] = {known.casefold(): known for known in (*tables, *macros)}
    plain = name.strip().partition("(")[0].casefold()
    for spelling in (plain, f"marts.{plain}"):
        if spelling in names:
            return names[spelling]
    short = {known.removeprefix("marts."): known for known in names}
    near = difflib.get_close_matches(plain.removeprefix("marts."), short, n=1)
    meant = f"did you mean {names[short[near[0]]]}? " if near else ""
    raise QueryError(f"no table or macro {name}; {meant}`quarterdeck describe --all` lists them")
