"""A small runner: it makes the objects of the `.sql` files, several at once.

DuckDB spreads one query over the cores, and yet many are too small for that, and the
estimates run in Python; so up to `AT_ONCE` objects are made side by side, each as soon as what
it reads is there.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from graphlib import TopologicalSorter
from pathlib import Path
from time import perf_counter

import duckdb
import polars as pl

from quarterdeck.sql.checking import run_checks
from quarterdeck.sql.errors import BuildError, CopyError, DefinitionError
from quarterdeck.sql.objects import SCHEMAS, SqlObject, load_objects
from quarterdeck.sql.publishing import remove
from quarterdeck.sql.reuse import KEYS, KEYS_SCHEMA, Basis, Reuse, attached, object_keys

#: Objects that are made side by side: three keep two cores busy, more only take memory.
AT_ONCE = 3


@dataclass(frozen=True)
class Computed:
    """A frame that is computed from what the database holds by then.

    Attributes:
        make: makes it; the tables that it reads stand in the `-- after:` of its file.
        basis: what else it is a function of, as text.
    """

    make: Callable[[duckdb.DuckDBPyConnection], pl.DataFrame]
    basis: str = ""


#: A frame, or a function that makes one from what the database holds by then.
Given = pl.DataFrame | Computed
#: Told the name of each object that is there, the seconds it took, and whether it was copied.
Progress = Callable[[str, float, bool], None]


@dataclass(frozen=True)
class Unfinished:
    """A database that waits for the estimates.

    Attributes:
        put_off: names of the objects that need a frame that was not given; `complete` makes them.
        published: the database from which tables were copied; None: none could be.
        same: objects that are known to be the same in both.
    """

    put_off: tuple[str, ...]
    published: Path | None = None
    same: frozenset[str] = frozenset()


def build(
    work: Path,
    parts: Mapping[str, Sequence[Path]],
    given: Mapping[str, Given],
    progress: Progress | None = None,
    basis: Basis | None = None,
) -> Unfinished:
    """Build a database from lake parts, as a new file, as far as the given frames allow.

    Args:
        work: the new file; replaced if it is there.
        parts: for each lake table at least one Parquet file (one of no rows will do).
        given: the frames that files read as `given_<name>`.
        progress: called with each object that is made.
        basis: what the build is a function of, and the database from which tables that would
            come out the same are copied; None: everything is made, and nothing can be copied
            from it later.

    Raises:
        CopyError: a table could not be copied; without `basis.published` it would be made.
        BuildError: a statement failed.
    """
    remove(work)
    items = load_objects()
    put_off: list[str] = []
    for item in items:
        if item.given - given.keys() - {KEYS} or item.needs.intersection(put_off):
            put_off.append(item.name)
    keys = KEYS_SCHEMA.to_frame()
    if basis is not None:
        frames = {n: g.basis if isinstance(g, Computed) else g for n, g in given.items()}
        keys = object_keys(items, frames, basis)
    published = basis.published if basis is not None else None
    with _open(work) as connection:
        for schema in SCHEMAS:
            connection.execute(f"create schema if not exists {schema}")
        reuse = attached(connection, published, keys) if published is not None else Reuse()
        maker = _Maker(connection, parts, {**given, KEYS: keys}, reuse)
        _make_all([item for item in items if item.name not in put_off], maker, progress)
    return Unfinished(tuple(put_off), published, frozenset(reuse.same))


def complete(
    work: Path,
    given: Mapping[str, Given],
    unfinished: Unfinished,
    progress: Progress | None = None,
) -> None:
    """Make what `build` put off, and run the checks.

    Args:
        work: the file that `build` made.
        given: the frames that were missing.
        unfinished: what `build` returned.
        progress: called with each object that is made.

    Raises:
        CopyError: as in `build`.
        BuildError: a statement failed.
        CheckFailedError: a check returned rows.
    """
    with _open(work) as connection:
        reuse = Reuse()
        if unfinished.published is not None:
            keys = connection.sql(f"from raw.{KEYS}").pl()
            reuse = attached(connection, unfinished.published, keys)
            reuse.same.update(unfinished.same)
        items = [item for item in load_objects() if item.name in unfinished.put_off]
        _make_all(items, _Maker(connection, {}, given, reuse), progress)
        run_checks(connection, AT_ONCE)
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


@dataclass(frozen=True)
class _Maker:
    """Makes objects, each over a connection of its own.

    Attributes:
        connection: of the new database.
        parts: of the lake tables.
        given: the frames that are there by now.
        reuse: the published database beside it.
        running: connections that make an object now.
    """

    connection: duckdb.DuckDBPyConnection
    parts: Mapping[str, Sequence[Path]]
    given: Mapping[str, Given]
    reuse: Reuse
    running: set[duckdb.DuckDBPyConnection] = field(default_factory=set)

    def make(self, item: SqlObject) -> tuple[float, bool]:
        """Make one object, in one commit; the seconds that it took, and whether it is a copy."""
        start = perf_counter()
        is_copied = self.reuse.can_copy(item)
        try:
            with self._cursor() as cursor:
                if is_copied:
                    definition = self.reuse.copy_statement(item)
                else:
                    definition = item.definition
                    self._give(cursor, item)
                # each comment would be a commit, with its own flush to disk
                cursor.execute(f"begin; {definition} {item.comments}; commit")
                self.reuse.note(cursor, item)
        except duckdb.Error as error:
            kind = CopyError if is_copied else BuildError
            raise kind(
                f"sql/{item.name.replace('.', '/')}.sql: {error}; "
                "the published database is untouched"
            ) from error
        return perf_counter() - start, is_copied

    @contextmanager
    def _cursor(self) -> Iterator[duckdb.DuckDBPyConnection]:
        with self.connection.cursor() as cursor:
            self.running.add(cursor)
            try:
                cursor.execute("set timezone = 'UTC'")
                yield cursor
            finally:
                self.running.discard(cursor)

    def interrupt(self) -> None:
        """End the queries that run now: each of them fails."""
        for cursor in tuple(self.running):
            with suppress(duckdb.ConnectionException):  # closed by now
                cursor.interrupt()

    def _give(self, cursor: duckdb.DuckDBPyConnection, item: SqlObject) -> None:
        """What an object reads that no file makes, in views that go with the connection."""
        if missing := (item.lake - self.parts.keys()) | (item.given - self.given.keys()):
            raise DefinitionError(
                f"{item.name}: reads {', '.join(sorted(missing))}, which nobody gave"
            )
        for table in sorted(item.lake):
            files = ", ".join(_quoted(part) for part in self.parts[table])
            cursor.execute(f"create temp view lake_{table} as from read_parquet([{files}])")
        for name in sorted(item.given):
            value = self.given[name]
            frame = value.make(cursor) if isinstance(value, Computed) else value
            cursor.register(f"given_{name}", frame.to_arrow())


def _make_all(items: Sequence[SqlObject], maker: _Maker, progress: Progress | None) -> None:
    """Make objects, each as soon as what it needs of them is there."""
    by_name = {item.name: item for item in items}
    waiting = TopologicalSorter({item.name: item.needs & by_name.keys() for item in items})
    waiting.prepare()
    running: dict[Future[tuple[float, bool]], str] = {}
    with ThreadPoolExecutor(AT_ONCE) as pool, ExitStack() as on_failure:
        # nobody waits for what is not wanted any more
        on_failure.callback(maker.interrupt)
        on_failure.callback(pool.shutdown, wait=False, cancel_futures=True)
        while waiting.is_active():
            for name in waiting.get_ready():
                running[pool.submit(maker.make, by_name[name])] = name
            for done in wait(running, return_when=FIRST_COMPLETED).done:
                name = running.pop(done)
                seconds, is_copied = done.result()
                waiting.done(name)
                if progress is not None:
                    progress(name, seconds, is_copied)
        on_failure.pop_all()


def _quoted(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"
