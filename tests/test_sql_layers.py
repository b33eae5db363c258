"""The `.sql` files as a whole: names, comments, independence of the lake."""

import re
from collections.abc import Iterator
from datetime import date
from importlib.resources import files
from pathlib import Path

import duckdb
import polars as pl
import pytest
from sql_fixtures import ADA, BEN, CLAUDE, CLEO, History, days, rows

from quarterdeck.sql.descriptions import describe
from quarterdeck.sql.objects import MACROS, SCHEMAS

SQL_FILES = sorted(
    (schema, file.name.removesuffix(".sql"), file.read_text("utf-8"))
    for schema in (*SCHEMAS, MACROS, "checks")
    for file in (files("quarterdeck.sql") / schema).iterdir()
    if file.name.endswith(".sql")
)
IDS = [f"{schema}.{name}" for schema, name, _ in SQL_FILES]
RELATIONS = [name for name in IDS if name.partition(".")[0] in SCHEMAS]
KEYWORDS = re.compile(
    r"\b(SELECT|FROM|WHERE|JOIN|LEFT|INNER|GROUP|ORDER|WITH|UNION|CREATE|COMMENT|CASE|WHEN|AND|OR|"
    r"NOT|AS|ON|USING|OVER|PARTITION|FILTER|COALESCE|SUM|COUNT|MIN|MAX)\b"
)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    history = History()
    repository = history.repository()
    landed = repository.land(date(2025, 2, 3), message=f"Write\n\n{CLAUDE}")
    repository.pull(1, [landed], landed)
    with history.build(tmp_path_factory.mktemp("layers"), commented=True) as connection:
        yield connection


def code(text: str) -> str:
    """The SQL without its comments and strings."""
    return re.sub(r"--[^\n]*|'(?:[^']|'')*'", "", text)


@pytest.mark.parametrize(("schema", "name", "text"), SQL_FILES, ids=IDS)
def test_style(schema: str, name: str, text: str) -> None:
    assert not KEYWORDS.findall(code(text))
    assert re.fullmatch(r"[a-z][a-z0-9_]*", name)
    assert "getvariable" not in text
    if schema == "checks":
        assert re.match(r"-- [^\n]+\?\n", text), "a check begins with its question"


def test_every_file_makes_one_object_and_every_object_has_a_file(
    built: duckdb.DuckDBPyConnection,
) -> None:
    made = rows(
        built,
        """select schema_name || '.' || table_name from duckdb_tables()
        union all
        select schema_name || '.' || view_name from duckdb_views() where not internal
        union all
        select distinct schema_name || '.' || function_name from duckdb_functions()
        where not internal and comment like '_%'""",
    )
    named = [name for name in IDS if not name.startswith("checks.")]
    assert sorted(name for (name,) in made) == sorted(named)


def test_everything_is_commented(built: duckdb.DuckDBPyConnection) -> None:
    described = describe(built, SCHEMAS)
    bare = described.filter(
        ~pl.col("table_comment").fill_null("").str.starts_with("One row")
        | (pl.col("column_comment").fill_null("").str.strip_chars() == "")
    )
    assert bare.select("schema_name", "table_name", "column_name").rows() == []


def test_units_of_numbers_are_told(built: duckdb.DuckDBPyConnection) -> None:
    described = describe(built)
    numbers = described.filter(pl.col("data_type").is_in(["HUGEINT", "UHUGEINT"]))
    assert numbers.rows() == [], "a sum of integers is cast to bigint, which every client reads"


def test_every_object_can_be_read_without_the_lake(built: duckdb.DuckDBPyConnection) -> None:
    for name in RELATIONS:
        assert rows(built, f"select count(*) from {name}")[0][0] >= 0
    definitions = rows(built, "select sql from duckdb_views() where not internal")
    assert not [text for (text,) in definitions if "parquet" in text or "lake_" in text]


def test_equal_input_gives_equal_rows(tmp_path: Path) -> None:
    contents = []
    for number in range(2):
        history = History()
        repository = history.repository()
        for author in ("Ada <ada@harbour.test>", "Ben <ben@harbour.test>"):
            own = [repository.commit(date(2025, 2, 3), author=author, message=f"x\n\n{CLAUDE}")]
        own.append(repository.commit(date(2025, 2, 3), author="Ada <ada@harbour.test>"))
        repository.land(date(2025, 2, 3), brings=own)
        folder = tmp_path / str(number)
        folder.mkdir()
        with history.build(folder) as connection:
            tables = [name for name in IDS if name.startswith(("marts.", "attribution."))]
            contents.append(
                {name: rows(connection, f"from {name} order by all") for name in tables}
            )
    assert contents[0] == contents[1]


def test_the_order_of_the_lake_changes_no_digit(tmp_path: Path) -> None:
    contents = []
    for number in range(2):
        history = History()
        repository = history.repository()
        trailers = (
            "",
            f"\n\n{CLAUDE}",
            "\n\nAssisted-by: Claude",
            "\n\nSigned-off-by: B <b@b.test>",
        )
        for day in days(date(2025, 1, 1), 200):
            author = (ADA, BEN, CLEO)[day.toordinal() % 3]
            message = f"Write{trailers[day.toordinal() % 4]}"
            own = [
                repository.commit(day, {"src/a.py": day.day + part}, author, message)
                for part in range(3)
            ]
            repository.land(day, {"src/a.py": 7 * day.day + 1}, author, brings=own)
        if number:
            for table in history.rows.values():
                table.reverse()
        folder = tmp_path / str(number)
        folder.mkdir()
        with history.build(folder) as connection:
            contents.append(
                {name: rows(connection, f"from {name} order by all") for name in RELATIONS}
            )
    for found in contents:
        del found["raw.object_keys"]  # a digest of the parts, whose order differs
    assert contents[0] == contents[1]
