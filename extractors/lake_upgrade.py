"""A lake of an earlier version: its parts get today's columns, and git is asked for the rest.

What only the lake has (commits of a force push, what a forge once told) stays, with NULL in the
columns that there were not. What git still has is mined again, whole; so a repository's parts are
moved out of the way while it is mined, and of them only what came back is dropped.

    upgrade     rewrites parts in place, notes whose rows lack something, and writes the version
    remined     around the next mining of a repository: asks for all that was noted
"""

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import unquote

import filelock
import polars as pl

from quarterdeck.extractors.errors import LakeError, LakeWriteError
from quarterdeck.extractors.lake import VERSION_FILE, Lake
from quarterdeck.extractors.lake_files import (
    LAKE_VERSION,
    cannot_write,
    modified,
    read_part,
    write_whole,
)
from quarterdeck.extractors.schemas import (
    ARCHIVE_TABLES,
    CHECKPOINT_TABLES,
    COMMIT_TABLES,
    SNAPSHOT_TABLES,
    TABLES,
)

_NOTES = "earlier"
_ASIDE = ".earlier"
_DIFFS = ("commit_diffs", "file_changes")
_LINES = ("line_deaths", "line_changes")
#: Tables of git's, and what tells their rows apart; of lines only the present chain's count.
_KEYS = {
    "commits": "commit_id",
    "record_texts": "blob_id",
    "added_lines": "commit_id",
    "attribute_blobs": "blob_id",
    "content_facts": "blob_id",
}
# `repositories` stays: its number goes on
_REPLACED = [t for t in (SNAPSHOT_TABLES | CHECKPOINT_TABLES) if t != "repositories"]


def upgrade(lake: Lake, repository_folder: str = "*") -> int:
    """Give parts of an earlier version the columns of this one.

    Args:
        lake: the lake.
        repository_folder: of this repository, as the lake names it; "*": of all, where the lake
            says that it is of an earlier version.

    Returns:
        how many parts were rewritten.

    Raises:
        LakeWriteError: the disk is full, or the folder cannot be written.
        LakeError: what was noted of an earlier time cannot be read.
    """
    if repository_folder == "*" and lake.version >= LAKE_VERSION:
        return 0
    lock_file = lake.root / "locks" / "upgrade.lock"
    try:
        lock_file.parent.mkdir(parents=True, exist_ok=True)
        with filelock.FileLock(lock_file):
            count = _rewrite(lake, repository_folder)
            if repository_folder == "*":
                content = json.dumps({"quarterdeck_lake": LAKE_VERSION}) + "\n"
                write_whole(lake.root / VERSION_FILE, content.encode())
                lake.version = LAKE_VERSION
    except OSError as error:
        raise LakeWriteError(cannot_write(lake.root, error)) from error
    return count


def _rewrite(lake: Lake, repository_folder: str) -> int:
    unlike: dict[str, list[tuple[str, Path]]] = {}
    for table, schema in (TABLES | ARCHIVE_TABLES).items():
        for part in sorted((lake.root / table).glob(f"{repository_folder}/*.parquet")):
            if _is_unlike(part, schema):
                unlike.setdefault(part.parent.name, []).append((table, part))
    for folder, parts in sorted(unlike.items()):
        due = [f"{table}/{part.name}" for table, part in parts if table not in ARCHIVE_TABLES]
        name = unquote(folder)
        before = (lake.read_note(_NOTES, name) or {}).get("parts")
        noted = {*due, *(map(str, before) if isinstance(before, list) else ())}
        lake.write_note(_NOTES, name, {"parts": sorted(noted)})  # before: a killed one goes on
        for table, part in parts:
            _fit(lake, table, part)
    return sum(map(len, unlike.values()))


def _is_unlike(part: Path, schema: Mapping[str, pl.DataType]) -> bool:
    try:
        return dict(pl.read_parquet_schema(part)) != dict(schema)
    except (pl.exceptions.PolarsError, OSError):
        return False  # damaged, which others find and mend


def _fit(lake: Lake, table: str, part: Path) -> None:
    """Rewrite a part with the columns of today, as old as it was."""
    status, frame = part.stat(), read_part(part)
    there = set(frame.columns)
    columns = [
        (pl.col(name).cast(kind, strict=False) if name in there else pl.lit(None, kind).alias(name))
        for name, kind in (TABLES | ARCHIVE_TABLES)[table].items()
    ]
    lake.write_part(table, part, frame.select(columns))
    os.utime(part, ns=(status.st_mtime_ns, status.st_mtime_ns))  # the newer one counts elsewhere


@contextmanager
def remined(lake: Lake, repository_id: str) -> Iterator[None]:
    """Mine anew, inside, what stands in parts of an earlier version; keep what git has no more.

    If it fails, they are there as before.

    Raises:
        LakeWriteError: the disk is full, or the folder cannot be written.
        LakeError: a note cannot be read.
    """
    note = lake.read_note(_NOTES, repository_id)
    if note is None:
        yield
        return
    if not isinstance(due := note.get("parts"), list):
        path = lake.note_path(_NOTES, repository_id)
        raise LakeError(f"{path}: does not tell which parts are of an earlier version; remove it")
    aside = _set_aside(lake, repository_id, {str(path) for path in due})
    with ExitStack() as undo:
        undo.callback(_put_back, aside)
        yield
        undo.pop_all()
    _carry_over(lake, repository_id)
    for part in _there(lake, repository_id, "*"):
        part.unlink(missing_ok=True)
    lake.remove_note(_NOTES, repository_id)


def _set_aside(lake: Lake, repository_id: str, due: set[str]) -> list[Path]:
    tables = {path.partition("/")[0] for path in due}
    names = {path.partition("/")[2] for path in due}
    moved = []
    for table in COMMIT_TABLES | CHECKPOINT_TABLES | SNAPSHOT_TABLES:
        group = next((g for g in (_DIFFS, _LINES) if table in g), (table,))
        for part in sorted(lake.folder(table, repository_id).glob("*.parquet")):
            is_due = part.name in names and not tables.isdisjoint(group)
            if table in _REPLACED:  # a snapshot is written anew as a whole
                is_due = not tables.isdisjoint(SNAPSHOT_TABLES | CHECKPOINT_TABLES)
            if is_due and table != "repositories":
                moved.append(part.replace(part.with_name(part.name + _ASIDE)))
    return moved


def _put_back(aside: Iterable[Path]) -> None:
    for part in aside:
        if not (place := part.with_name(part.name.removesuffix(_ASIDE))).exists():
            part.replace(place)


def _there(lake: Lake, repository_id: str, table: str) -> list[Path]:
    tables = TABLES if table == "*" else [table]
    folders = (lake.folder(name, repository_id) for name in tables)
    return sorted((p for f in folders for p in f.glob(f"*{_ASIDE}")), key=modified)


def _carry_over(lake: Lake, repository_id: str) -> None:
    """Append what was set aside and did not come back."""
    for table, key in _KEYS.items():
        parts = _there(lake, repository_id, table)
        if parts:
            old = pl.concat(read_part(part) for part in parts)
            known = lake.read(table, repository_id, [key])
            if (lost := old.join(known, on=key, how="anti").unique(maintain_order=True)).height:
                lake.append(table, lost, key, repository_id)
    diffs, files = (_there(lake, repository_id, table) for table in _DIFFS)
    if not diffs or not files:
        return
    old = pl.concat(read_part(part) for part in diffs)
    known = lake.read("commit_diffs", repository_id, ["commit_id"])
    lost = old.join(known, on="commit_id", how="anti").sort("missing_files", "part")
    lost = lost.unique("commit_id", keep="first", maintain_order=True)
    if lost.height:
        changes = pl.concat(read_part(part) for part in files)
        changes = changes.join(
            lost.select("commit_id", "part"), on=["commit_id", "part"], how="semi"
        )
        lake.append_diffs(changes, lost, repository_id)
