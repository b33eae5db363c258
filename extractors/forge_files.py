"""Files of pull requests into the lake: each is read when it is new or has changed.

A file has one part in each table, in place of what it told before. A note beside it holds what
it was read by, so that a run with nothing new reads nothing; what was read stays when the file
is gone.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl

from quarterdeck.extractors.errors import ForgeFileError, LakeError
from quarterdeck.extractors.forge_frames import ForgeFrames
from quarterdeck.extractors.forge_rows import form_of
from quarterdeck.extractors.forge_tables import UNRESOLVED, FileTold, TableSpec, read_table
from quarterdeck.extractors.gh_archive import read_gh_archive
from quarterdeck.extractors.gh_json import read_gh_json
from quarterdeck.extractors.lake import Lake
from quarterdeck.extractors.schemas import FORGE_TABLES

# Raise it when files are read in another way: they are all read again.
_RULES = 3
_NOTES = "forge_files"
_IDS = ["forge_id", "repository_id", "number"]
#: One row per file and problem, as `file_troubles` has them.
FILES_SCHEMA = pl.Schema(
    {
        "file": pl.String(),
        "kind": pl.String(),
        "read_at": pl.Datetime("us", "UTC"),
        "rows": pl.Int64(),
        "kept": pl.Int64(),
        "problem": pl.String(),
        "affected": pl.Int64(),
        "example": pl.String(),
    }
)


@dataclass(frozen=True)
class FileOutcome:
    """What reading a file did."""

    path: Path
    is_new: bool  # False: as it was read before
    kept: int
    troubles: tuple[tuple[str, int, str], ...]  # problem, how often, first example
    problem: str | None = None  # why it could not be read


def read_files(
    lake: Lake, specs: Sequence[TableSpec], repositories: Set[str]
) -> Iterator[FileOutcome]:
    """Bring the lake up to date with files; one that cannot be read stops no other.

    Args:
        lake: where the parts go.
        specs: pull requests are read before reviews, whatever their order.
        repositories: names (owner/name) of the repositories to keep of GH Archive, which
            holds everybody's.

    Yields:
        an outcome for each file, and for each path without one.

    Raises:
        LakeError: the lake cannot be read or written.
    """
    wanted = {name.lower() for name in repositories}
    for spec in sorted(specs, key=lambda spec: spec.holds == "reviews"):
        paths = _paths(spec.pattern)
        yield from _lost_with_their_files(lake, spec, {_name(path, spec) for path in paths})
        if not paths and not any(_notes(lake, [spec])):
            problem = f"{spec.pattern}: no such file; correct `path`"
            yield FileOutcome(Path(spec.pattern), False, 0, (), problem)
        for path in paths:
            yield _read_one(lake, path, spec, specs, wanted)


def _lost_with_their_files(lake: Lake, spec: TableSpec, there: Set[str]) -> Iterator[FileOutcome]:
    """Files that are gone, and so are parts that held what they told."""
    for name in lake.note_names(_NOTES):
        if name.startswith(_prefix(spec)) and name not in there:
            note = lake.read_note(_NOTES, name) or {}
            if _lost(lake, name, note):
                file = Path(str(note["file"]))
                problem = f"{file}: what it told is damaged, and the file is gone; put it back"
                yield FileOutcome(file, False, 0, (), problem)


def _paths(pattern: str) -> list[Path]:
    """The files that a pattern names; what exists by that very name is itself."""
    path = Path(pattern)
    if path.is_file():
        return [path]
    found = Path(path.anchor).glob(str(path.relative_to(path.anchor)))
    return sorted(one for one in found if one.is_file())


def file_parts(lake: Lake, specs: Sequence[TableSpec], table: str) -> list[Path]:
    """The parts of a table that files of these settings told."""
    prefixes = tuple({_prefix(spec) for spec in specs})
    return [part for part in lake.file_parts(table) if part.name.startswith(prefixes)]


def file_troubles(lake: Lake, specs: Sequence[TableSpec]) -> pl.DataFrame:
    """What was wrong in the files that were read.

    Returns:
        one row per file and problem, one without a problem for a file that had none: file,
        kind, read_at, rows, kept, problem, affected, example.
    """
    rows = []
    for note in _notes(lake, specs):
        file = (note["file"], note["kind"], datetime.fromisoformat(note["read_at"]))
        counts = (note["rows"], note["kept"])
        troubles = note["troubles"] or [(None, None, None)]
        rows += [(*file, *counts, *trouble) for trouble in troubles]
    return pl.DataFrame(sorted(rows, key=str), schema=FILES_SCHEMA, orient="row")


def _notes(lake: Lake, specs: Sequence[TableSpec]) -> Iterator[dict[str, Any]]:
    prefixes = tuple({_prefix(spec) for spec in specs})
    for name in lake.note_names(_NOTES):
        if name.startswith(prefixes):
            yield dict(lake.read_note(_NOTES, name) or {})


def _digest(*values: object) -> str:
    return hashlib.sha256("\0".join(map(str, values)).encode("utf-8", "replace")).hexdigest()


def _prefix(spec: TableSpec) -> str:
    """Tells the parts of a setting from those of others."""
    return f"{_digest(spec.pattern, spec.holds, spec.form)[:12]}-"


def _name(path: Path, spec: TableSpec) -> str:
    return _prefix(spec) + _digest(path)[:12]


def _read_one(
    lake: Lake, path: Path, spec: TableSpec, specs: Sequence[TableSpec], wanted: Set[str]
) -> FileOutcome:
    kind = _kind(path, spec)
    before = lake.read_note(_NOTES, _name(path, spec))
    try:
        status = path.stat()
    except OSError as error:
        return FileOutcome(path, False, 0, (), f"{path}: cannot be read: {error.strerror}")
    if kind == "gh-archive" and spec.repository is not None:
        wanted = {spec.repository.lower()}
    before_wanted = set(_strings(before, "wanted"))
    mark = {
        "size": status.st_size,
        "modified": status.st_mtime_ns,
        "rules": _digest(_RULES, json.dumps(asdict(spec), sort_keys=True, default=str)),
        # who is who: reviews that name pull requests by the forge's ids
        "others": _others(lake, specs) if "pull_request" in spec.columns else "",
    }
    forges = _told_by_forges(lake) if "pull_request" in spec.columns else ""
    is_same = (
        before is not None
        and before["mark"] == mark
        and not _lost(lake, _name(path, spec), before)
        and (not before.get("unresolved") or before.get("forges") == forges)
    )
    if before is not None and is_same and _is_enough(kind, wanted, before_wanted):
        return FileOutcome(path, False, int(str(before["kept"])), ())
    wanted = wanted | before_wanted
    as_of = spec.as_of or datetime.fromtimestamp(status.st_mtime, UTC)
    try:
        if kind == "gh-archive":
            told = read_gh_archive(path, spec, wanted)
        elif kind == "gh-json":
            told = read_gh_json(path, spec, as_of)
        else:
            told = read_table(path, spec, as_of, lambda: _numbers(lake, specs))
    except ForgeFileError as error:
        _note_failure(lake, path, spec, before or {"kind": kind, "wanted": []}, str(error))
        return FileOutcome(path, False, 0, (), str(error))
    note = {"kind": kind, "mark": mark, "wanted": sorted(wanted), "forges": forges}
    return _keep(lake, path, spec, told, note)


def _lost(lake: Lake, name: str, note: Mapping[str, object]) -> bool:
    """Whether a part that a file was kept in is there no more: damaged, and set aside."""
    tables = _strings(note, "tables")
    return any(
        f"{name}.parquet" not in {part.name for part in lake.file_parts(table)} for table in tables
    )


def _strings(note: Mapping[str, object] | None, key: str) -> list[str]:
    found = (note or {}).get(key)
    return [str(item) for item in found] if isinstance(found, list) else []


def _is_enough(kind: str, wanted: Set[str], before: Set[str]) -> bool:
    """Whether what was kept of an archive holds all that is wanted now."""
    return kind != "gh-archive" or wanted <= before


def _kind(path: Path, spec: TableSpec) -> str:
    if spec.form in ("gh-json", "gh-archive"):
        return spec.form
    if spec.holds == "reviews":
        return "reviews"
    if spec.form is None and not spec.columns and form_of(path) in ("json", "jsonl"):
        is_hour = path.name.lower().endswith(".json.gz")
        return "gh-archive" if is_hour else "gh-json"
    return "table"


def _keep(
    lake: Lake, path: Path, spec: TableSpec, told: FileTold, note: Mapping[str, object]
) -> FileOutcome:
    name = _name(path, spec)
    frames: ForgeFrames = told.frames
    tables = {table: f for table, f in frames.by_table().items() if table in FORGE_TABLES}
    for table, frame in tables.items():
        lake.write_file_part(table, frame, name)
    troubles = tuple((what, n, where) for what, (n, where) in sorted(told.troubles.found.items()))
    lake.write_note(
        _NOTES,
        name,
        {
            **note,
            "file": path.name,
            "rows": told.rows,
            "kept": told.kept,
            "unresolved": UNRESOLVED in told.troubles.found,
            "tables": [table for table, frame in tables.items() if frame.height],
            "read_at": datetime.now(UTC).isoformat(),
            "troubles": [list(trouble) for trouble in troubles],
        },
    )
    return FileOutcome(path, True, told.kept, troubles)


def _note_failure(
    lake: Lake, path: Path, spec: TableSpec, before: Mapping[str, object], error: str
) -> None:
    """What it told before stays, and the next run tries again."""
    failure = {
        "mark": None,
        "file": path.name,
        "read_at": datetime.now(UTC).isoformat(),
        "troubles": [["cannot be read", 1, error.replace(str(path), path.name)]],
    }
    nothing = {"rows": None, "kept": 0}
    lake.write_note(_NOTES, _name(path, spec), {**nothing, **before, **failure})


def _others(lake: Lake, specs: Sequence[TableSpec]) -> str:
    parts = file_parts(lake, specs, "forge_pull_requests")
    return _digest(*(f"{part.name} {part.stat().st_size}" for part in parts))


def _told_by_forges(lake: Lake) -> str:
    """Which parts forges told of pull requests."""
    ids = lake.repository_ids()
    return _digest(*(p.name for one in ids for p in lake.parts("forge_pull_requests", one)))


def _numbers(lake: Lake, specs: Sequence[TableSpec]) -> dict[str, tuple[str, int]]:
    """Repository and number by the forge's id of a pull request, as files or forges told them.

    An id that forges gave to several pull requests is none's, unless a file says whose.
    """
    frames = [
        lake.read("forge_pull_requests", repository_id, _IDS)
        for repository_id in lake.repository_ids()
    ]
    found: dict[str, tuple[str, int]] = {}
    if frames:
        told = pl.concat(frames).drop_nulls().unique()
        told = told.filter(pl.col("forge_id").is_unique())
        found = {row[0]: (row[1], row[2]) for row in told.select(_IDS).iter_rows()}
    parts = file_parts(lake, specs, "forge_pull_requests")
    if parts:
        try:
            told = pl.scan_parquet(parts, glob=False).select(_IDS).drop_nulls().unique().collect()
        except pl.exceptions.PolarsError as error:
            raise LakeError(f"{parts[0].parent}: a part is damaged ({error}); run again") from error
        found |= {row[0]: (row[1], row[2]) for row in told.iter_rows()}
    return found
