"""The runner: objects in order of their references, what waits, checks, publishing."""

from pathlib import Path
from time import sleep

import duckdb
import polars as pl
import pytest
from sql_fixtures import rows

from quarterdeck.sql import checking, objects, runner
from quarterdeck.sql.errors import (
    BuildError,
    CheckFailedError,
    CopyError,
    DefinitionError,
    PublishError,
)
from quarterdeck.sql.objects import MACROS, SCHEMAS, load_objects
from quarterdeck.sql.publishing import publish
from quarterdeck.sql.reuse import Basis
from quarterdeck.sql.runner import Computed


class Files:
    """A folder of `.sql` files in place of the package's."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.root = root
        for schema in (*SCHEMAS, MACROS, "checks"):
            (root / schema).mkdir()
        for module in (objects, checking):
            monkeypatch.setattr(module, "files", lambda package: root)

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
        load_objects()


def test_circle(sql_files: Files) -> None:
    sql_files.write("marts.one", "create or replace view marts.one as from marts.two")
    sql_files.write("marts.two", "create or replace view marts.two as from marts.one")
    with pytest.raises(DefinitionError, match=r"circle of references: .*marts\.one"):
        load_objects()


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
        load_objects()


def test_a_table_named_in_the_lake_is_made_first(sql_files: Files) -> None:
    sql_files.write("raw.last", "create or replace table raw.last as from marts.first")
    sql_files.write(
        "marts.first", "-- after: raw.b\ncreate or replace table marts.first as select 1 as x"
    )
    sql_files.write("raw.b", "create or replace table raw.b as select 1 as x")
    assert [item.name for item in load_objects()] == ["raw.b", "marts.first", "raw.last"]


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

    def progress(name: str, seconds: float, is_copied: bool) -> None:
        names.append(name)
        assert seconds > 0 and not is_copied

    unfinished = runner.build(work, {}, {}, progress)
    assert (names, unfinished.put_off) == (["marts.one"], ("marts.two", "marts.three"))
    seen = []

    def two(connection: duckdb.DuckDBPyConnection) -> pl.DataFrame:
        seen.append(rows(connection, "from marts.one"))
        return pl.DataFrame({"y": [2]})

    runner.complete(work, {"two": Computed(two)}, unfinished, progress)
    assert (names, seen) == (["marts.one", "marts.two", "marts.three"], [[(1,)]])
    with duckdb.connect(str(work)) as connection:
        assert rows(connection, "from marts.three") == [(2,)]


def test_what_still_runs_ends_with_the_first_error(sql_files: Files, tmp_path: Path) -> None:
    pairs = "range(200_000) as a, range(100_000) as b where hash(a.range, b.range) = 7"
    sql_files.write(
        "raw.slow", f"create or replace table raw.slow as select count(*) as n from {pairs}"
    )
    sql_files.write("raw.bad", "create or replace table raw.bad as from given_bad")
    work = tmp_path / "work.duckdb"

    def bad(connection: duckdb.DuckDBPyConnection) -> pl.DataFrame:
        sleep(0.3)  # the other one is under way by then
        return connection.sql("select nowhere").pl()

    with pytest.raises(BuildError, match=r"raw/bad\.sql"):
        runner.build(work, {}, {"bad": Computed(bad)})
    with duckdb.connect(str(work)) as connection:
        assert rows(connection, "select table_name from duckdb_tables()") == []


def test_failed_check_shows_its_rows(sql_files: Files, tmp_path: Path) -> None:
    sql_files.write("marts.one", "create or replace table marts.one as select 7 as x")
    sql_files.write("checks.is_small", "-- is it small?\nselect x from marts.one where x > 5")
    work = tmp_path / "work.duckdb"
    unfinished = runner.build(work, {}, {})
    with pytest.raises(CheckFailedError, match=r"is_small failed: is it small\?\n  x=7\n"):
        runner.complete(work, {}, unfinished)


def test_check_that_is_no_query_names_its_file(sql_files: Files, tmp_path: Path) -> None:
    sql_files.write("checks.odd", "-- is it?\nselect nothing from nowhere")
    work = tmp_path / "work.duckdb"
    unfinished = runner.build(work, {}, {})
    with pytest.raises(BuildError, match=r"sql/checks/odd\.sql"):
        runner.complete(work, {}, unfinished)


def test_publish_replaces_at_once(tmp_path: Path) -> None:
    work, target = tmp_path / "work.duckdb", tmp_path / "quarterdeck.duckdb"
    for value, path in ((1, target), (2, work)):
        with duckdb.connect(str(path)) as connection:
            connection.execute(f"create table t as select {value} as x")
    with duckdb.connect(str(target), read_only=True) as reader:
        publish(work, target)
        assert rows(reader, "from t") == [(1,)]
    with duckdb.connect(str(target), read_only=True) as reader:
        assert rows(reader, "from t") == [(2,)]
    assert not work.exists()


def test_publish_says_where_it_cannot_write(tmp_path: Path) -> None:
    work = tmp_path / "work.duckdb"
    work.touch()
    (tmp_path / "folder" / "full").mkdir(parents=True)
    with pytest.raises(PublishError, match="cannot be replaced"):
        publish(work, tmp_path / "folder")


def test_a_damaged_database_gives_no_wrong_copy(sql_files: Files, tmp_path: Path) -> None:
    numbers = "select range as x, hash(range) as y from range(200_000)"
    sql_files.write("raw.a", f"create or replace table raw.a as {numbers}")
    sql_files.write(
        "raw.object_keys", "create or replace table raw.object_keys as from given_object_keys"
    )
    first, second, damaged = (
        tmp_path / f"{name}.duckdb" for name in ("first", "second", "damaged")
    )
    runner.complete(first, {}, runner.build(first, {}, {}, basis=Basis("code", {})))
    content, outcomes = first.read_bytes(), []
    for at in range(3 * 4096 + 100, len(content), 1 << 18):  # in each block, after the headers
        damaged.write_bytes(content[:at] + bytes(64) + content[at + 64 :])
        try:
            runner.build(second, {}, {}, basis=Basis("code", {}, damaged))
        except CopyError as error:
            outcomes.append("told")
            assert "raw/a.sql" in str(error)
            continue
        with duckdb.connect(str(second)) as connection:
            assert rows(connection, f"select count(*) from (({numbers}) except from raw.a)") == [
                (0,)
            ]
        outcomes.append("made or copied")
    assert set(outcomes) == {"told", "made or copied"}
