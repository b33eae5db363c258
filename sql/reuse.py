"""What the published database holds already as it would come out again.

Each object has a key: a digest of what it is a function of by itself. That is the text that
defines it, the parts of the lake, the frames that Python gives, and of `raw.settings` the
columns that its text names, no others. The keys stand in the database (`raw.object_keys`). A
table is copied from the published database where its key is the same and so is everything
that it reads; and a table that had to be made anew, but holds the same rows, is the same for
all that read it. So a change of settings makes anew what it changes, and no more: the way of
build systems with early cut-off (Mokhov, Mitchell and Peyton Jones, "Build systems a la
carte", 2018).
"""

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path

import duckdb
import polars as pl

from quarterdeck.sql.objects import SqlObject

SETTINGS = "raw.settings"
KEYS = "object_keys"
KEYS_SCHEMA = pl.Schema({"object_name": pl.String(), "object_key": pl.String()})
#: The alias under which the published database is attached to the new one.
_PREVIOUS = "previous"
_NESTED = {"list", "array", "struct", "map", "union"}


@dataclass(frozen=True)
class Basis:
    """What a build is a function of, beside the frames that are given, and what it may copy.

    Attributes:
        code: digest of the installation: the SQL, the rules and the Python that makes frames.
        lake: digest of the parts of each lake table.
        published: the database to copy from; None: nothing is copied.
    """

    code: str
    lake: Mapping[str, str]
    published: Path | None = None


def object_keys(
    items: Sequence[SqlObject], given: Mapping[str, pl.DataFrame | str], basis: Basis
) -> pl.DataFrame:
    """The key of each object.

    Args:
        items: the objects.
        given: the frames by name; in place of one that is computed on the way, what its
            function depends on beside the tables that it reads.
        basis: what else the build is a function of.

    Returns:
        One row per object: object_name, object_key.
    """
    settings = given.get("settings")
    columns = _columns(settings) if isinstance(settings, pl.DataFrame) else {}
    digests = {name: _of_given(value) for name, value in given.items()}
    keys = {}
    for item in items:
        own = [basis.code, item.text]
        own += [f"{table} {basis.lake[table]}" for table in sorted(item.lake)]
        own += [digests.get(name, "") for name in sorted(item.given)]
        if SETTINGS in item.needs:
            own += [f"{name} {columns[name]}" for name in named_settings(item, columns)]
        keys[item.name] = _digest(own)
    return pl.DataFrame({"object_name": keys.keys(), "object_key": keys.values()}, KEYS_SCHEMA)


def named_settings(item: SqlObject, columns: Iterable[str]) -> list[str]:
    """The columns of `raw.settings` that the text of an object can read: those that it names."""
    return sorted(set(re.findall(r"\w+", item.definition)).intersection(columns))


@dataclass
class Reuse:
    """The published database beside a new one, and what is the same in both.

    Attributes:
        equal_keys: objects with equal keys in both.
        same: objects whose rows are known to be the same in both.
    """

    equal_keys: frozenset[str] = frozenset()
    same: set[str] = field(default_factory=set)

    def can_copy(self, item: SqlObject) -> bool:
        """Whether a table would come out as it is in the published database."""
        return item.is_table and self._is_same(item)

    def copy_statement(self, item: SqlObject) -> str:
        """The statement that copies a table, in place of its definition."""
        return f"create table {item.name} as from {_PREVIOUS}.{item.name};"

    def note(self, cursor: duckdb.DuckDBPyConnection, item: SqlObject) -> None:
        """Find out whether an object that is there now is the same as in the published one."""
        if self._is_same(item) or (
            item.is_table and self.equal_keys and _has_same_rows(cursor, item.name)
        ):
            self.same.add(item.name)

    def _is_same(self, item: SqlObject) -> bool:
        return item.name in self.equal_keys and item.needs <= self.same | {SETTINGS}


def attached(connection: duckdb.DuckDBPyConnection, published: Path, keys: pl.DataFrame) -> Reuse:
    """Attach the published database to the new one, to copy from it.

    Args:
        connection: the new database.
        published: the file; where it is missing, damaged or older than keys, nothing is the same.
        keys: as `object_keys` gives them.
    """
    if not published.is_file():
        return Reuse()
    name = str(published).replace("'", "''")
    try:
        connection.execute(f"attach '{name}' as {_PREVIOUS} (read_only)")
        known = set(
            connection.sql(f"""
                select cast(object_name as varchar), cast(object_key as varchar)
                from {_PREVIOUS}.raw.{KEYS}
            """).fetchall()
        )
    except duckdb.Error:
        return Reuse()
    # the key of the keys tells nothing
    return Reuse(frozenset(dict(known.intersection(keys.rows())).keys() - {f"raw.{KEYS}"}))


def _has_same_rows(cursor: duckdb.DuckDBPyConnection, name: str) -> bool:
    """Whether a table holds the rows that it has in the published database, in any order.

    By its columns and the number of rows first, which is free; then by sum and exclusive or of
    64-bit hashes. What cannot be compared, because it is new or damaged, is not the same.
    """
    places = (name, f"{_PREVIOUS}.{name}")
    try:
        now, before = (cursor.sql(f"from {place}") for place in places)
        if (now.columns, now.types) != (before.columns, before.types):
            return False
        # an empty list has the hash of none
        nested = [c for c, t in zip(now.columns, now.types, strict=True) if t.id in _NESTED]
        row = ", ".join(["t", *(f'"{column}" is null' for column in nested)])
        for what in ("count(*)", f"sum(hash({row})), bit_xor(hash({row}))"):
            query = "select {} from {} as t"
            found = [cursor.execute(query.format(what, place)).fetchall() for place in places]
            if found[0] != found[1]:
                return False
    except duckdb.Error:
        return False
    return True


def _columns(settings: pl.DataFrame) -> dict[str, str]:
    return {column: str(settings[column].to_list()) for column in settings.columns}


def _of_given(value: pl.DataFrame | str) -> str:
    if not isinstance(value, pl.DataFrame):
        return _digest([value])
    written = BytesIO()
    value.write_ipc(written)
    return hashlib.sha256(written.getvalue()).hexdigest()


def _digest(values: Iterable[str]) -> str:
    digest = hashlib.sha256()
    for value in values:
        digest.update(value.encode("utf-8", "surrogateescape") + b"\0")
    return digest.hexdigest()
