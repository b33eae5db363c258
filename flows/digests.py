"""What the database is a function of, as digests: lake, settings, rules, installation."""

import hashlib
from collections.abc import Iterable, Sequence
from importlib.metadata import version
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

import duckdb

from quarterdeck.extractors.lake import Lake
from quarterdeck.extractors.outcomes import outcomes
from quarterdeck.extractors.schemas import FORGE_TABLES, TABLES
from quarterdeck.flows.errors import SettingsError
from quarterdeck.flows.forge_inputs import told_parts
from quarterdeck.flows.inputs import NOT_SHOWN
from quarterdeck.flows.repositories import Source
from quarterdeck.flows.settings import Settings
from quarterdeck.sql.connect import DatabaseError, connect_read_only
from quarterdeck.sql.reuse import Basis

#: What computes beside our own code.
_LIBRARIES = ("duckdb", "numpy", "polars", "scipy")


def basis(settings: Settings, sources: Sequence[Source], lake: Lake, privacy: str) -> Basis:
    """What a build is a function of, beside its frames.

    `privacy` tells the key of the pseudonyms from others: a database that names people is
    never taken for one that does not, nor the other way round.
    """
    return Basis(
        _digest(["code", privacy, version("quarterdeck"), *_installation()]),
        {table: _digest(_of_table(table, settings, sources, lake)) for table in TABLES},
    )


def input_digest(settings: Settings, sources: Sequence[Source], lake: Lake, known: Basis) -> str:
    """Digest of everything that the database is a function of.

    Equal digests mean equal databases: lake parts, settings, outcomes of the last run, the SQL
    and the rules of this installation.
    """
    values = [known.code, settings.model_dump_json(exclude=NOT_SHOWN), *known.lake.values()]
    problems = outcomes(lake)
    for source in _sorted(sources):
        values += map(str, (source.repository_id, source.team, problems.get(source.repository_id)))
        for row in lake.read("repositories", source.repository_id).iter_rows():
            values += map(str, row)
    return _digest(values)


def published_digest(database: Path) -> str | None:
    """The digest that the published database was built from; None where there is no such."""
    try:
        with connect_read_only(database) as connection:
            rows = connection.sql("select input_digest from raw.settings").fetchall()
    except (DatabaseError, duckdb.Error):
        return None
    return str(rows[0][0]) if rows else None


def report_digest(settings: Settings) -> str:
    """Digest of what the report is a function of: the published database, its marks, its code.

    Raises:
        SettingsError: the file of releases cannot be read.
    """
    marks = settings.release_marks
    try:
        own = marks.read_bytes() if isinstance(marks, Path) else b""
    except OSError as error:
        raise SettingsError(
            f"{marks}: the release dates cannot be read ({error.strerror}); see release_marks"
        ) from error
    values = [str(published_digest(settings.database)), str(marks is True)]
    return _digest([*values, hashlib.sha256(own).hexdigest(), *_of_package("reports")])


def _sorted(sources: Sequence[Source]) -> list[Source]:
    return sorted(sources, key=lambda source: source.repository_id)


def _of_table(
    table: str, settings: Settings, sources: Sequence[Source], lake: Lake
) -> Iterable[str]:
    """Parts of a lake table by name, size and time.

    Names alone do not do: what is read again keeps its name, and a lake that was removed counts
    its snapshots from 1 again.
    """
    for source in _sorted(sources):
        yield from _of_parts(source.repository_id, lake.parts(table, source.repository_id))
    if table in FORGE_TABLES:
        yield from _of_parts("", told_parts(settings, lake, table))


def _of_parts(name: str, parts: Iterable[Path]) -> Iterable[str]:
    for part in parts:
        told = part.stat()
        yield f"{name} {part.name} {told.st_size} {told.st_mtime_ns}"


def _installation() -> Iterable[str]:
    yield from (f"{library} {version(library)}" for library in _LIBRARIES)
    for package in ("sql", "extractors", "estimates", "flows"):
        yield from _of_package(package)


def _of_package(name: str) -> Iterable[str]:
    yield from _of_files(files(f"quarterdeck.{name}"))


def _of_files(folder: Traversable) -> Iterable[str]:
    for item in sorted(folder.iterdir(), key=lambda item: item.name):
        if item.is_dir() and item.name != "__pycache__":
            yield from _of_files(item)
        elif item.name.endswith((".sql", ".toml", ".py", ".j2", ".css", ".js")):
            yield f"{item.name} {hashlib.sha256(item.read_bytes()).hexdigest()}"


def _digest(values: Iterable[str]) -> str:
    digest = hashlib.sha256()
    for value in values:
        digest.update(value.encode("utf-8", "surrogateescape") + b"\0")
    return digest.hexdigest()
