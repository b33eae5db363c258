"""A small runner: plain `.sql` files, one object a file, in the order of their references.

`sql/<schema>/<name>.sql` creates exactly `<schema>.<name>`. A file reads other objects by
their full names, lake tables as `lake_<table>` and frames that Python gives as
`given_<name>`; the runner takes the order from these references, so none is written down.
What Python computes in the middle (file classes, intervals) is given by a function that the
runner calls just before the first file that reads it; the line `-- after: schema.name, ...` in
that file names what the function itself reads.
"""

import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from importlib.resources import files
from pathlib import Path

import duckdb
import filelock
import polars as pl

from quarterdeck.sql.connect import DatabaseError, connect_read_only
from quarterdeck.sql.errors import BuildError, CheckFailedError, DefinitionError, PublishError

SCHEMAS = ("raw", "staging", "attribution", "marts")
#: Where macros stand: a query finds them without naming their schema.
MACROS = "main"
_REFERENCE = re.compile(rf"\b({'|'.join((*SCHEMAS, MACROS))})\.([a-z][a-z0-9_]*)\b")
_GIVEN = re.compile(r"\bgiven_([a-z][a-z0-9_]*)\b")
_LAKE = re.compile(r"\blake_([a-z][a-z0-9_]*)\b")
_CREATES = re.compile(
    r"(?mi)^[ \t]*create\b.*?\b(?:table|view|macro|schema|type|function)\s+([\w.]+)"
)
_SHOWN_ROWS = 10
#: A DuckDB file begins with a checksum of eight bytes, and then its name.
_MAGIC_AT = bytes(8)

#: A frame, or a function that makes one from what the database holds by then.
Given = pl.DataFrame | Callable[[duckdb.DuckDBPyConnection], pl.DataFrame]


@dataclass(frozen=True)
class SqlObject:
    """One file below `sql/`: a table, view or macro."""

    name: str  # schema.name
    text: str
    needs: frozenset[str]
    given: frozenset[str]
    lake: frozenset[str]


def load_objects() -> list[SqlObject]:
    """Every object that the `.sql` files define, each after the ones it needs.

    Raises:
        DefinitionError: a file creates something else than its name says, refers to an
            object that no file creates, or files refer to each other in a circle.
    """
    objects = {}
    for schema in (*SCHEMAS, MACROS):
        for file in (files(__package__) / schema).iterdir():
            if file.name.endswith(".sql"):
                found = _parse(f"{schema}.{file.name.removesuffix('.sql')}", file.read_text())
                objects[found.name] = found
    for item in objects.values():
        if unknown := item.needs - objects.keys():
            raise DefinitionError(f"{item.name}: no file defines {', '.join(sorted(unknown))}")
    graph = {name: sorted(objects[name].needs) for name in sorted(objects)}
    try:
        return [objects[name] for name in TopologicalSorter(graph).static_order()]
    except CycleError as error:
        raise DefinitionError(f"circle of references: {' -> '.join(error.args[1])}") from error


def _parse(name: str, text: str) -> SqlObject:
    created = _CREATES.findall(text)
    if created != [name]:
        raise DefinitionError(
            f"sql/{name.replace('.', '/')}.sql: creates {', '.join(created) or 'nothing'}; "
            f"it must hold one `create or replace table|view|macro {name}`"
        )
    needs = {".".join(found) for found in _REFERENCE.findall(text)} - {name}
    return SqlObject(
        name,
        text,
        frozenset(needs),
        frozenset(_GIVEN.findall(text)),
        frozenset(_LAKE.findall(text)),
    )


def build(
    work: Path,
    parts: Mapping[str, Sequence[Path]],
    given: Mapping[str, Given],
    progress: Callable[[str], None] = lambda name: None,
) -> list[str]:
    """Build a database from lake parts, as a new file, as far as the given frames allow.

    Args:
        work: the new file; replaced if it is there.
        parts: for each lake table at least one Parquet file (one of no rows will do).
        given: the frames that files read as `given_<name>`.
        progress: called with the name of each object before it is made.

    Returns:
        names of the objects that were put off, because they need a frame that is not given
        yet; `complete` makes them.

    Raises:
        BuildError: a statement failed.
    """
    remove(work)
    put_off: list[str] = []
    with _open(work) as connection:
        for schema in SCHEMAS:
            connection.execute(f"create schema if not exists {schema}")
        for item in load_objects():
            if item.given - given.keys() or item.needs.intersection(put_off):
                put_off.append(item.name)
                continue
            progress(item.name)
            _make(connection, item, parts, given)
    return put_off


def complete(
    work: Path,
    given: Mapping[str, Given],
    put_off: Sequence[str],
    progress: Callable[[str], None] = lambda name: None,
) -> None:
    """Make what `build` put off, and run the checks.

    Args:
        work: the file that `build` made.
        given: the frames that were missing.
        put_off: what `build` returned.
        progress: called with the name of each object before it is made.

    Raises:
        BuildError: a statement failed.
        CheckFailedError: a check returned rows.
    """
    with _open(work) as connection:
        for item in load_objects():
            if item.name in put_off:
                progress(item.name)
                _make(connection, item, {}, given)
        run_checks(connection)
        connection.execute("checkpoint")


@contextmanager
def _open(work: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A database to write; what DuckDB fails at inside is told as a BuildError."""
    try:
        connection = duckdb.connect(str(work))
    except duckdb.Error as error:
        raise BuildError(f"{work}: cannot be opened ({error})") from error
    try:
        with connection:
            connection.execute("set timezone = 'UTC'")
            yield connection
    except duckdb.Error as error:  # a full disk is met at checkpoints, too
        raise BuildError(
            f"{work}: {error}; the published database is untouched; see to the space on its disk"
        ) from error


def _make(
    connection: duckdb.DuckDBPyConnection,
    item: SqlObject,
    parts: Mapping[str, Sequence[Path]],
    given: Mapping[str, Given],
) -> None:
    if missing := (item.lake - parts.keys()) | (item.given - given.keys()):
        raise DefinitionError(f"{item.name}: reads {', '.join(sorted(missing))}, which nobody gave")
    try:
        for table in sorted(item.lake):
            relation = connection.read_parquet([str(part) for part in parts[table]])
            relation.create_view(f"lake_{table}", replace=True)
        for name in sorted(item.given):
            frame = given[name]
            frame = frame if isinstance(frame, pl.DataFrame) else frame(connection)
            connection.register(f"given_{name}", frame.to_arrow())
        # one commit an object: each comment on a column would be one, with its own flush to disk
        connection.execute(f"begin; {item.text}; commit")
        for table in sorted(item.lake):
            connection.execute(f"drop view if exists lake_{table}")
        for name in sorted(item.given):
            connection.unregister(f"given_{name}")
    except duckdb.Error as error:
        raise BuildError(
            f"sql/{item.name.replace('.', '/')}.sql: {error}; the published database is untouched"
        ) from error


def checks() -> dict[str, str]:
    """Every check by name: a query that returns offending rows."""
    folder = files(__package__) / "checks"
    return {
        file.name.removesuffix(".sql"): file.read_text()
        for file in sorted(folder.iterdir(), key=lambda file: file.name)
        if file.name.endswith(".sql")
    }


def run_checks(connection: duckdb.DuckDBPyConnection) -> None:
    """Run every check; none may return a row.

    Raises:
        CheckFailedError: names the check and shows its first rows.
        BuildError: a check is not a valid query.
    """
    for name, query in checks().items():
        try:
            rows = connection.sql(query).limit(_SHOWN_ROWS)
            failed = rows.fetchall()
        except duckdb.Error as error:
            raise BuildError(f"sql/checks/{name}.sql: {error}") from error
        if failed:
            question = query.partition("\n")[0].removeprefix("--").strip()
            lines = [
                ", ".join(f"{c}={v}" for c, v in zip(rows.columns, r, strict=True)) for r in failed
            ]
            raise CheckFailedError(
                f"check {name} failed: {question}\n  " + "\n  ".join(lines) + "\n"
                "The last published database is untouched. Report this with the rows above."
            )


def publish(work: Path, target: Path) -> None:
    """Put a finished database in place of the published one, at once.

    Whoever has the old file open keeps reading it.

    Raises:
        PublishError: the file cannot be put there.
    """
    try:
        with work.open("rb") as file:
            os.fsync(file.fileno())
        target.with_name(target.name + ".wal").unlink(missing_ok=True)
        work.replace(target)
    except OSError as error:
        raise PublishError(
            f"{target}: cannot be replaced: {error.strerror or error}; make its folder writable "
            "and run `quarterdeck build`"
        ) from error


def refuse_other_file(target: Path) -> None:
    """Refuse to publish over something that Quarterdeck did not build.

    Raises:
        PublishError: a folder, or a file that is no Quarterdeck database, stands there.
    """
    if not target.exists():
        return
    if target.is_file() and target.stat().st_size > 0:
        with target.open("rb") as file:
            is_duckdb = file.read(len(_MAGIC_AT) + 4).endswith(b"DUCK")
        if is_duckdb and _is_ours(target):
            return
    raise PublishError(
        f"{target}: stands there already and is no database of Quarterdeck; move it away, or name "
        "another place for the database"
    )


def _is_ours(target: Path) -> bool:
    try:
        with connect_read_only(target) as connection:
            found = connection.sql("""
                select 1 from duckdb_tables()
                where schema_name = 'raw' and table_name = 'settings'
            """)
            return bool(found.fetchall())
    except DatabaseError:
        return True  # damaged or held by a writer: its name says what it was to be


def remove(work: Path) -> None:
    """Remove a work file and what DuckDB keeps beside it."""
    for path in (work, work.with_name(work.name + ".wal")):
        path.unlink(missing_ok=True)


@contextmanager
def work_file(target: Path) -> Iterator[Path]:
    """The path of a new database beside `target`, under a lock: one builder at a time.

    What a killed builder left there is removed, and so is the file if it is not published.

    Raises:
        PublishError: the folder cannot be written, or something else stands there.
    """
    refuse_other_file(target)
    work = target.with_name(f".{target.name}.building")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        lock = filelock.FileLock(target.with_name(f".{target.name}.lock"))
        lock.acquire()
    except OSError as error:
        raise PublishError(
            f"{target.parent}: cannot be written: {error.strerror or error}; make it writable, "
            "or name another place for the database"
        ) from error
    try:
        remove(work)
        yield work
    finally:
        remove(work)
        lock.release()


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
