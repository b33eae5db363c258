"""The `.sql` files as a whole: names, comments, independence of the lake; and the runner."""

import re
from collections.abc import Iterator
from datetime import date
from importlib.resources import files
from pathlib import Path

import duckdb
import polars as pl
import pytest
from sql_fixtures import ADA, BEN, CLAUDE, CLEO, History, days, rows

from quarterdeck.sql import runner
from quarterdeck.sql.errors import BuildError, CheckFailedError, DefinitionError, PublishError

SQL_FILES = sorted(
    (schema, file.name.removesuffix(".sql"), file.read_text("utf-8"))
    for schema in (*runner.SCHEMAS, runner.MACROS, "checks")
    for file in (files("quarterdeck.sql") / schema).iterdir()
    if file.name.endswith(".sql")
)
IDS = [f"{schema}.{name}" for schema, name, _ in SQL_FILES]
RELATIONS = [name for name in IDS if name.partition(".")[0] in runner.SCHEMAS]
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
    described = runner.describe(built, runner.SCHEMAS)
    bare = described.filter(
        ~pl.col("table_comment").fill_null("").str.starts_with("One row")
        | (pl.col("column_comment").fill_null("").str.strip_chars() == "")
    )
    assert bare.select("schema_name", "table_name", "column_name").rows() == []


def test_units_of_numbers_are_told(built: duckdb.DuckDBPyConnection) -> None:
    described = runner.describe(built)
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
    assert contents[0] == contents[1]


class Files:
    """A folder of `.sql` files in place of the package's."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.root = root
        for schema in (*runner.SCHEMAS, runner.MACROS, "checks"):
            (root / schema).mkdir()
        monkeypatch.setattr(runner, "files", lambda package: root)

    def write(self, name: str, text: str) -> None:
        schema, _, table = name.partition(".")
        (self.root / schema / f"{table}.sql").write_text(text)


@pytest.fixture
def sql_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Files:
    root = tmp_path / "sql"
    root.mkdir()
    return Files(root, monkeypatch)


def test_unknown_reference(sql_files: Files) -> None:
    sql_files.write("marts.one", "create or replace table marts.one as from marts.two")
    with pytest.raises(DefinitionError, match=r"marts\.one: no file defines marts\.two"):
        runner.load_objects()


def test_circle(sql_files: Files) -> None:
    sql_files.write("marts.one", "create or replace view marts.one as from marts.two")
    sql_files.write("marts.two", "create or replace view marts.two as from marts.one")
    with pytest.raises(DefinitionError, match=r"circle of references: .*marts\.one"):
        runner.load_objects()


@pytest.mark.parametrize(
    "text",
    [
        "create or replace table marts.other as select 1 as x",
        "create or replace table marts.one as select 1 as x; create table marts.more (y int)",
        "create or replace table marts.one_more as select 1 as x",
        "select 1",
        "create temporary table one as select 1 as x",
    ],
)
def test_file_that_creates_something_else(sql_files: Files, text: str) -> None:
    text = text.replace("; ", ";\n")
    sql_files.write("marts.one", text)
    with pytest.raises(DefinitionError, match=r"sql/marts/one\.sql: creates"):
        runner.load_objects()


def test_a_table_named_in_the_lake_is_made_first(sql_files: Files) -> None:
    sql_files.write("raw.last", "create or replace table raw.last as from marts.first")
    sql_files.write(
        "marts.first", "-- after: raw.b\ncreate or replace table marts.first as select 1 as x"
    )
    sql_files.write("raw.b", "create or replace table raw.b as select 1 as x")
    assert [item.name for item in runner.load_objects()] == ["raw.b", "marts.first", "raw.last"]


def test_unparsable_sql_names_the_file(sql_files: Files, tmp_path: Path) -> None:
    sql_files.write("marts.one", "create or replace table marts.one as selct 1")
    with pytest.raises(BuildError, match=r"sql/marts/one\.sql: (?s:.*)untouched"):
        runner.build(tmp_path / "work.duckdb", {}, {})


def test_lake_table_that_nobody_gave(sql_files: Files, tmp_path: Path) -> None:
    sql_files.write("raw.one", "create or replace table raw.one as from lake_one")
    with pytest.raises(DefinitionError, match=r"raw\.one: reads one, which nobody gave"):
        runner.build(tmp_path / "work.duckdb", {}, {})


def test_objects_wait_for_frames_and_what_needs_them_waits_too(
    sql_files: Files, tmp_path: Path
) -> None:
    sql_files.write("marts.one", "create or replace table marts.one as select 1 as x")
    sql_files.write("marts.two", "create or replace table marts.two as from given_two")
    sql_files.write("marts.three", "create or replace table marts.three as from marts.two")
    work, names = tmp_path / "work.duckdb", []
    put_off = runner.build(work, {}, {}, names.append)
    assert (names, put_off) == (["marts.one"], ["marts.two", "marts.three"])
    seen = []

    def two(connection: duckdb.DuckDBPyConnection) -> pl.DataFrame:
        seen.append(rows(connection, "from marts.one"))
        return pl.DataFrame({"y": [2]})

    runner.complete(work, {"two": two}, put_off, names.append)
    assert (names, seen) == (["marts.one", "marts.two", "marts.three"], [[(1,)]])
    with duckdb.connect(str(work)) as connection:
        assert rows(connection, "from marts.three") == [(2,)]


def test_failed_check_shows_its_rows(sql_files: Files, tmp_path: Path) -> None:
    sql_files.write("marts.one", "create or replace table marts.one as select 7 as x")
    sql_files.write("checks.is_small", "-- is it small?\nselect x from marts.one where x > 5")
    work = tmp_path / "work.duckdb"
    runner.build(work, {}, {})
    with pytest.raises(CheckFailedError, match=r"is_small failed: is it small\?\n  x=7\n"):
        runner.complete(work, {}, [])


def test_check_that_is_no_query_names_its_file(sql_files: Files, tmp_path: Path) -> None:
    sql_files.write("checks.odd", "-- is it?\nselect nothing from nowhere")
    work = tmp_path / "work.duckdb"
    runner.build(work, {}, {})
    with pytest.raises(BuildError, match=r"sql/checks/odd\.sql"):
        runner.complete(work, {}, [])


def test_publish_replaces_at_once(tmp_path: Path) -> None:
    work, target = tmp_path / "work.duckdb", tmp_path / "quarterdeck.duckdb"
    for value, path in ((1, target), (2, work)):
        with duckdb.connect(str(path)) as connection:
            connection.execute(f"create table t as select {value} as x")
    with duckdb.connect(str(target), read_only=True) as reader:
        runner.publish(work, target)
        assert rows(reader, "from t") == [(1,)]
    with duckdb.connect(str(target), read_only=True) as reader:
        assert rows(reader, "from t") == [(2,)]
    assert not work.exists()


def test_publish_says_where_it_cannot_write(tmp_path: Path) -> None:
    work = tmp_path / "work.duckdb"
    work.touch()
    (tmp_path / "folder" / "full").mkdir(parents=True)
    with pytest.raises(PublishError, match="cannot be replaced"):
        runner.publish(work, tmp_path / "folder")
