"""What a change of settings leaves as it is: copied from the published database, and equal."""

import os
from collections.abc import Collection, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest
from sql_fixtures import ADA, BEN, BOT, CLAUDE, CLEO, History, build_file, days, rows

from quarterdeck.extractors.lake import Lake
from quarterdeck.extractors.schemas import TABLES
from quarterdeck.flows.digests import basis
from quarterdeck.flows.estimation import estimated_frames
from quarterdeck.flows.inputs import given_frames
from quarterdeck.flows.repositories import Source
from quarterdeck.flows.settings import Settings
from quarterdeck.sql.objects import SCHEMAS, SqlObject, load_objects
from quarterdeck.sql.reuse import Basis, attached, named_settings, object_keys
from quarterdeck.sql.runner import Computed

OBJECTS = {item.name: item for item in load_objects()}
COMPUTED = {
    name: given
    for name, given in {
        **given_frames(Settings(repositories=[]), [], {}, "digest"),
        **estimated_frames(),
    }.items()
    if isinstance(given, Computed)
}
#: Tables that tell of the build itself.
OF_THE_BUILD = {"raw.settings", "raw.object_keys", "marts.report_facts"}


def harbour() -> History:
    """Two repositories over two years: three people, a model, a bot, pull requests, reverts."""
    history = History()
    for name, step in (("api", 9), ("site", 14)):
        repository = history.repository(name)
        for number, day in enumerate(days(date(2023, 1, 2), 800 // step, step), start=1):
            author = (ADA, BEN, CLEO, BOT)[day.toordinal() % 4]
            message = "Write" + ("" if day.day % 3 else f"\n\n{CLAUDE}")
            files = {"src/a.py": day.day + 1, "docs/a.md": 2}
            landed = repository.land(day, files, author, message=message)
            repository.pull(number, [landed], landed, "squash")
    return history


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_file(harbour(), tmp_path_factory.mktemp("published"))


@pytest.fixture(scope="module")
def copied(published: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Its objects in memory, with tables in place of views."""
    with duckdb.connect() as connection:
        connection.execute(f"set timezone = 'UTC'; attach '{published}' as saved (read_only)")
        for schema in SCHEMAS:
            connection.execute(f"create schema {schema}")
        for name, made in OBJECTS.items():
            if made.is_table:
                connection.execute(f"create table {name} as from saved.{name}")
                continue
            connection.execute(made.definition)
            if not name.startswith("main."):
                connection.execute(
                    f"create temp table seen as from {name}; drop view {name};"
                    f"create table {name} as from seen; drop table seen"
                )
        yield connection


@pytest.fixture
def scratch(copied: duckdb.DuckDBPyConnection) -> Iterator[duckdb.DuckDBPyConnection]:
    """The same; what is done to it is taken back."""
    copied.execute("begin")
    try:
        yield copied
    finally:
        copied.execute("rollback")


def contents(path: Path) -> dict[str, list[tuple[Any, ...]]]:
    with duckdb.connect(str(path), read_only=True) as connection:
        return {
            name: rows(connection, f"from {name} order by all")
            for name in OBJECTS
            if not name.startswith("main.") and name not in OF_THE_BUILD
        }


@pytest.mark.parametrize(
    ("changed", "as_before", "anew"),
    [
        (
            {"merge_window_days": 3},
            {"attribution.change_authorship", "marts.multiples", "marts.trends"},
            {"marts.pull_requests", "marts.merge_success_quarterly"},
        ),
        (
            {"baseline": "2023-Q2..2024-Q1", "multiple": {"cap_quantile": 0.9}},
            {"attribution.change_authorship", "marts.pull_requests"},
            {"marts.quarters", "marts.caps", "marts.multiple_intervals", "marts.trends"},
        ),
        (
            {
                "time_zone": "Asia/Tokyo",
                "agents_since": "2023-06-01",
                "file_classes": [{"class": "docs", "pattern": "src/**"}],
                "teams": [{"name": "Crew", "members": ["ada@harbour.test"]}],
            },
            {"raw.commits", "attribution.identities", "raw.signals"},
            {"raw.file_classes", "attribution.findings", "marts.days", "raw.team_members"},
        ),
    ],
)
def test_what_is_copied_is_what_would_be_made(
    published: Path,
    tmp_path: Path,
    changed: dict[str, Any],
    as_before: set[str],
    anew: set[str],
) -> None:
    again, whole = tmp_path / "again", tmp_path / "whole"
    again.mkdir()
    whole.mkdir()
    copied = set[str]()

    def progress(name: str, seconds: float, is_copied: bool) -> None:
        copied.update([name] if is_copied else [])

    made = build_file(harbour(), again, published=published, progress=progress, **changed)
    found, wanted = contents(made), contents(build_file(harbour(), whole, **changed))
    assert {name for name in OBJECTS if found.get(name) != wanted.get(name)} == set()
    assert as_before <= copied
    assert not anew & copied


def test_copied_tables_keep_their_comments(published: Path, tmp_path: Path) -> None:
    history = harbour()
    made = build_file(history, tmp_path, commented=True, published=published)
    # the fixture's objects have no comments, and so other keys: everything is made anew
    again = tmp_path / "again"
    again.mkdir()
    second = build_file(history, again, commented=True, published=made, merge_window_days=3)
    query = "select comment from duckdb_columns() where table_name = 'landed_changes' order by all"
    with duckdb.connect(str(second), read_only=True) as connection:
        assert all(comment for (comment,) in rows(connection, query))


@pytest.mark.parametrize(
    "name", [name for name, item in OBJECTS.items() if "raw.settings" in item.needs]
)
def test_an_object_reads_the_settings_that_it_names_and_no_others(
    scratch: duckdb.DuckDBPyConnection, name: str
) -> None:
    made = OBJECTS[name]
    columns = ", ".join(named_settings(made, scratch.sql("from raw.settings").columns))
    scratch.execute("drop table raw.settings")
    scratch.execute(f"create table raw.settings as select {columns} from saved.raw.settings")
    for given in made.given:
        scratch.register(f"given_{given}", COMPUTED[given].make(scratch).to_arrow())
    if not name.startswith("main."):
        scratch.execute(f"drop table {name}")
    scratch.execute(made.definition)


@pytest.mark.parametrize(
    ("name", "given"),
    [(name, given) for name, made in OBJECTS.items() for given in made.given & COMPUTED.keys()],
)
def test_a_frame_is_computed_from_what_its_file_names(
    scratch: duckdb.DuckDBPyConnection, name: str, given: str
) -> None:
    made = OBJECTS[name]
    for other in OBJECTS:
        if not other.startswith("main.") and other not in made.needs:
            scratch.execute(f"drop table {other}")
    for table in made.lake:
        scratch.register(f"lake_{table}", TABLES[table].to_frame().to_arrow())
    assert COMPUTED[given].make(scratch).width > 0


def item(name: str, text: str, **sets: Collection[str]) -> SqlObject:
    needs, given, lake = (frozenset(sets.get(kind, ())) for kind in ("needs", "given", "lake"))
    return SqlObject(name, text, needs, given, lake)


def key_of(made: SqlObject, code: str = "c", lake: str = "l", **given: pl.DataFrame | str) -> str:
    return str(object_keys([made], given, Basis(code, {"commits": lake}))["object_key"][0])


def test_a_key_follows_everything_that_an_object_is_a_function_of() -> None:
    text = "create table raw.b as from raw.a join given_x"
    made = item("raw.b", text, needs=["raw.a"], given=["x"])
    read = item("raw.c", "create table raw.c as from lake_commits", lake=["commits"])
    one, two = pl.DataFrame({"x": [1]}), pl.DataFrame({"x": [2]})
    plain = key_of(made, x=one)
    assert plain == key_of(made, x=pl.DataFrame({"x": [1]})) == key_of(made, lake="o", x=one)
    others = [
        key_of(made, x=two),
        key_of(made, x="computed"),
        key_of(made, x="computed otherwise"),
        key_of(item("raw.b", text + " limit 1", needs=["raw.a"], given=["x"]), x=one),
        key_of(made, code="other", x=one),
        key_of(read),
        key_of(read, lake="other"),
    ]
    assert len({plain, *others}) == 1 + len(others)


def test_a_key_follows_the_settings_that_the_definition_names() -> None:
    text = "create table raw.a as select cap from raw.settings\ncomment on x is 'zone'"
    reader = item("raw.a", text, needs=["raw.settings"])
    frame = pl.DataFrame({"cap": [1], "zone": ["UTC"]})
    plain = key_of(reader, settings=frame)
    assert key_of(reader, settings=frame.with_columns(zone=pl.lit("Z"))) == plain
    assert key_of(reader, settings=frame.with_columns(cap=pl.lit(2))) != plain
    assert key_of(reader, settings=frame.with_columns(cap=pl.lit(None))) != plain


def test_a_part_that_is_written_anew_under_its_name_counts_as_another(tmp_path: Path) -> None:
    lake = Lake(tmp_path / "lake")
    part = lake.folder("commits", "api") / "a.parquet"
    source = Source("api", tmp_path / "api", None, None, None)
    found = []
    for content, second in ((b"one", 1), (b"two", 2), (b"two", 2)):  # of one size
        part.parent.mkdir(parents=True, exist_ok=True)
        part.write_bytes(content)
        os.utime(part, (second, second))
        found.append(basis(Settings(repositories=[]), [source], lake, "open"))
    assert found[0].lake["commits"] != found[1].lake["commits"]
    assert found[1] == found[2]
    assert found[0].lake | {"commits": ""} == found[1].lake | {"commits": ""}


KNOWN = pl.DataFrame({"object_name": ["raw.a", "raw.b"], "object_key": ["k", "l"]})


@pytest.mark.parametrize("state", ["missing", "no database", "without keys", "other keys", "empty"])
def test_a_database_that_cannot_be_copied_from_is_passed_over(tmp_path: Path, state: str) -> None:
    path = tmp_path / "quarterdeck's.duckdb"
    if state == "no database":
        path.write_bytes(b"x" * 5000)
    elif state == "without keys":
        duckdb.connect(str(path)).close()
    elif state == "other keys":
        with duckdb.connect(str(path)) as connection:
            connection.execute("create schema raw; create table raw.object_keys as select 1 as x")
            connection.execute("alter table raw.object_keys add column object_key integer")
    elif state == "empty":
        path.touch()
    with duckdb.connect() as connection:
        assert attached(connection, path, KNOWN).equal_keys == frozenset()


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A published database with `raw.a` of one row, and the keys of `KNOWN`."""
    path = tmp_path / "it's.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute("create schema raw; create table raw.a as select 1 as x")
        connection.execute("create table raw.object_keys as from KNOWN")
    return path


@pytest.mark.parametrize(
    ("before", "now", "is_same"),
    [
        ("[]::integer[]", "null::integer[]", False),
        ("{'a': null::integer}", "null::struct(a integer)", False),
        ("[1, 2]", "[2, 1]", False),
        ("[]::integer[]", "[]::integer[]", True),
    ],
)
def test_none_and_an_empty_list_are_two(
    tmp_path: Path, before: str, now: str, is_same: bool
) -> None:
    path = tmp_path / "old.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute(f"create schema raw; create table raw.a as select {before} as x")
        connection.execute("create table raw.object_keys as from KNOWN")
    with duckdb.connect() as connection:
        connection.execute(f"create schema raw; create table raw.a as select {now} as x")
        reuse = attached(connection, path, KNOWN.with_columns(object_key=pl.Series(["other", "l"])))
        reuse.note(connection, item("raw.a", ""))
        assert reuse.same == ({"raw.a"} if is_same else set())


@pytest.mark.parametrize(
    ("now", "is_same"),
    [
        ("select 1 as x", True),
        ("select 2 as x", False),
        ("select 1 as x union all select 1", False),
        ("select 1 as x where false", False),
        ("select 1::bigint as x", False),
        ("select 1 as y", False),
    ],
)
def test_who_reads_a_table_that_came_out_the_same_is_copied(
    old: Path, now: str, is_same: bool
) -> None:
    reader = item("raw.b", "create table raw.b as from raw.a", needs=["raw.a"])
    changed = KNOWN.with_columns(object_key=pl.Series(["other", "l"]))
    with duckdb.connect() as connection:
        connection.execute(f"create schema raw; create table raw.a as {now}")
        reuse = attached(connection, old, changed)
        assert not reuse.can_copy(reader)
        reuse.note(connection, item("raw.a", ""))
        assert reuse.can_copy(reader) == is_same
        reuse.note(connection, item("raw.new", ""))
        assert "raw.new" not in reuse.same
