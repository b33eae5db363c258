"""Open a published Quarterdeck database for reading."""

from __future__ import annotations

from pathlib import Path

import duckdb


class DatabaseError(Exception):
    """A Quarterdeck database cannot be read: what is wrong, where, and what to do about it."""

    def __init__(self, what: str, where: Path, remedy: str) -> None:
        super().__init__(what, where, remedy)
        self.what = what
        self.where = where
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.what}: {self.where}\n{self.remedy}"


# DuckDB raises one class for all of these and tells them apart only in its message.
_CAUSES = (
    (
        # DuckDB guesses by file ending, and opens `table.csv` as data in a database in memory.
        "in-memory database",
        "The file is not a DuckDB database",
        "Give the path of a database that `quarterdeck run` wrote.",
    ),
    (
        "Could not set lock",
        "The database is open for writing in another process",
        "Wait until that process has ended, or close it, and try again.",
    ),
    (
        "not a valid DuckDB database",
        "The file is not a DuckDB database",
        "Give the path of a database that `quarterdeck run` wrote.",
    ),
    (
        "storage version",
        "The database was written by a newer DuckDB",
        "Install a newer duckdb package, or rebuild the database with `quarterdeck build`.",
    ),
    (
        "Permission denied",
        "The database may not be read by this user",
        "Change the permissions of the file, or run as a user who may read it.",
    ),
)


#: Read-only keeps this file from being changed; this keeps a query from all other files, and from
#: settings, some of which name files, and one of which (logs) ends the process.
_CONFIG: dict[str, str | bool | int | float | list[str]] = {
    "enable_external_access": False,
    "autoinstall_known_extensions": False,
    "lock_configuration": True,
}


def connect_read_only(path: Path) -> duckdb.DuckDBPyConnection:
    """Open the database at `path` read-only, without access to any other file, and settings locked.

    Raises:
        DatabaseError: the file is missing, is no DuckDB database, is damaged, was written by a
            newer DuckDB, may not be read, or is held open by a writer.
    """
    if not path.is_file():
        raise DatabaseError(
            "There is no database file here", path, "Run `quarterdeck run` to build one."
        )
    try:
        return duckdb.connect(str(path), read_only=True, config=_CONFIG)
    except duckdb.Error as error:
        message = str(error)
        for mark, what, remedy in _CAUSES:
            if mark in message:
                raise DatabaseError(what, path, remedy) from error
        raise DatabaseError(
            f"The database cannot be opened ({message.splitlines()[0]})",
            path,
            "Rebuild it from the lake with `quarterdeck build`.",
        ) from error
