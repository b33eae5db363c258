"""What the database tells of itself: tables, columns and macros with their comments."""

from collections.abc import Iterable

import duckdb
import polars as pl

from quarterdeck.sql.objects import SCHEMAS


def describe(
    connection: duckdb.DuckDBPyConnection, schemas: Iterable[str] = ("marts",)
) -> pl.DataFrame:
    """Tables, views and columns with their comments.

    Returns:
        One row per column: schema_name, table_name, table_comment, column_name, data_type,
        column_comment, in the order of the columns.
    """
    wanted = ", ".join(f"'{schema}'" for schema in schemas if schema in SCHEMAS)
    described: pl.DataFrame = connection.sql(f"""
        with relations as (
            select schema_name, table_name, comment from duckdb_tables()
            union all
            select schema_name, view_name, comment from duckdb_views() where not internal
        )
        select c.schema_name, c.table_name, r.comment as table_comment,
            c.column_name, c.data_type, c.comment as column_comment
        from duckdb_columns() as c
        join relations as r using (schema_name, table_name)
        where c.schema_name in ({wanted})
        order by c.schema_name, c.table_name, c.column_index
    """).pl()
    return described


def describe_macros(connection: duckdb.DuckDBPyConnection) -> pl.DataFrame:
    """The macros that give rows, with their comments.

    Returns:
        One row per macro: name, parameters (names, with commas), comment.
    """
    described: pl.DataFrame = connection.sql("""
        select function_name as name, parameters, comment
        from duckdb_functions()
        where not internal and function_type = 'table_macro'
        order by function_name
    """).pl()
    return described.with_columns(pl.col("parameters").list.join(", "))
