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
        table: its name, with or without `marts.`, or that of a macro; without it, all tables.
        everything: whether to list raw, staging and attribution beside marts.
        as_json: print JSON.

    Raises:
        DatabaseError: the database cannot be opened.
        QueryError: there is no such table; it names those that may be meant.
    """
    wanted = None
    if table is not None:
        table = table.strip().lower().partition("(")[0]
        wanted = table if "." in table else f"marts.{table}"
    schemas = SCHEMAS if everything or wanted is not None else ("marts",)
    with connect_read_only(database) as connection:
        columns = describe(connection, schemas)
        macros = describe_macros(connection)
    columns = columns.with_columns(name=pl.col("schema_name") + "." + pl.col("table_name"))
    heading = ""
    called = pl.col("name") + "(" + pl.col("parameters") + ")"
    if wanted is not None:
        own = columns.filter(pl.col("name") == wanted)
        shown = own.select("column_name", "data_type", "column_comment")
        heading = f"{wanted}: {own['table_comment'][0]}" if own.height else ""
        if not own.height:
            shown = macros.filter(pl.col("name") == table).select(name=called, comment="comment")
        if not shown.height:
            raise QueryError(_no_table(wanted, columns, macros))
    else:
        shown = columns.group_by("name", maintain_order=True).agg(
            pl.col("table_comment").first(), pl.len().alias("columns")
        )
        shown = pl.concat(
            [shown, macros.select(name=called, table_comment="comment")], how="diagonal"
        )
    if as_json:
        print(json.dumps(shown.to_dicts(), indent=1, ensure_ascii=False))
        return
    if heading:
        print(heading)
    _print_table(shown)


def _no_table(wanted: str, columns: pl.DataFrame, macros: pl.DataFrame) -> str:
    """What to say of a name that no table has: names like it, and tables with such a column."""
    own = wanted.rpartition(".")[2]
    names = columns["name"].unique(maintain_order=True).to_list()
    meant = difflib.get_close_matches(wanted, names, n=3, cutoff=0.85)
    meant += difflib.get_close_matches(own, macros["name"].to_list(), n=1, cutoff=0.75)
    holders = columns.filter(pl.col("column_name") == own)["name"].to_list()
    hints = [f"did you mean {' or '.join(meant)}?"] if meant else []
    if holders:
        more = " and others" if len(holders) > 3 else ""
        hints.append(f"{own} is a column of {', '.join(holders[:3])}{more};")
    return " ".join(
        [f"no table or macro {wanted};", *hints, "`quarterdeck describe --all` lists them"]
    )
