"""The place of the database: a work file beside it under a lock, published in one move."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import filelock

from quarterdeck.sql.connect import DatabaseError, connect_read_only
from quarterdeck.sql.errors import PublishError

#: A DuckDB file begins with a checksum of eight bytes, and then its name.
_MAGIC_AT = bytes(8)


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
