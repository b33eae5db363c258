"""The lake: Parquet parts, append-only, one folder per table and repository.

A part is written under a temporary name, flushed to disk and renamed, so a reader sees it
whole or not at all. Tables keyed by commit only ever gain parts. Tables of what can change
are snapshots with a number: `repositories` is written last and completes its number, and the
newest completed snapshot is the one that counts. Superseded snapshots are removed but for one.
What forges tell only gains parts as well; a row tells when it was told, and the newest counts.
"""

import hashlib
import io
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import unquote

import filelock
import polars as pl

from quarterdeck.extractors.errors import LakeError, LakeWriteError
from quarterdeck.extractors.lake_checksums import record_checksum
from quarterdeck.extractors.lake_files import (
    LAKE_VERSION,
    MACHINE,
    cannot_write,
    file_name,
    json_object,
    modified,
    part_name,
    read_part,
    read_version,
    sweep_notes,
    write_whole,
)
from quarterdeck.extractors.schemas import (
    ARCHIVE_TABLES,
    CHECKPOINT_TABLES,
    COMMIT_TABLES,
    FORGE_TABLES,
    SNAPSHOT_TABLES,
    TABLES,
)

#: Tells that a folder is a lake, and of which version.
VERSION_FILE = "lake.json"
_KEPT_SNAPSHOTS = 2
# A part of either counts only where the other has one of the same name.
_TWINS = {
    "commit_diffs": "file_changes",
    "file_changes": "commit_diffs",
    "line_deaths": "line_changes",
    "line_changes": "line_deaths",
}
_KEPT_CHECKPOINTS = 4
_SCHEMAS = TABLES | ARCHIVE_TABLES
# The folder of parts that came from files; no repository has one of that name, as `=` is quoted.
_OF_FILES = "of=files"


class Lake:
    """A folder of Parquet parts.

    Raises:
        LakeVersionError: it was written by a newer Quarterdeck.
        LakeError: the folder cannot be read, or is not a lake.
        LakeWriteError: it cannot be created.
    """

    def __init__(self, root: Path, *, create: bool = True) -> None:
        self.root = root.absolute()
        version_file = self.root / VERSION_FILE
        if not version_file.is_file():
            if not create:
                raise LakeError(f"{self.root}: no lake here; run `quarterdeck mine` first")
            self._initialise(version_file)
        self.version = read_version(version_file)

    def _initialise(self, version_file: Path) -> None:
        if self.root.is_dir() and any(self.root.glob("*/*/*.parquet")):
            raise LakeError(
                f"{self.root}: holds Parquet parts but no {VERSION_FILE}; "
                "restore that file, or name another folder for the lake"
            )
        content = json.dumps({"quarterdeck_lake": LAKE_VERSION}) + "\n"
        write_whole(version_file, content.encode())

    def folder(self, table: str, repository_id: str) -> Path:
        """Where the parts of a table stand for a repository."""
        return self.root / table / file_name(repository_id)

    def repository_ids(self) -> list[str]:
        """Repositories with a completed snapshot, in order of name."""
        ids = []
        for folder in self.root.glob("repositories/*"):
            parts = sorted(folder.glob("*.parquet"))
            if parts:
                ids += read_part(parts[-1])["repository_id"].to_list()
        return sorted(set(ids))

    def parts(self, table: str, repository_id: str) -> list[Path]:
        """The parts of a table that count for a repository; for a snapshot table, at most one.

        A part of `commit_diffs` or of `file_changes` counts only where its twin is there too; so
        does one of `line_deaths` or of `line_changes`. Of `line_runs` the part at the tip counts.
        """
        folder = self.folder(table, repository_id)
        if table in _TWINS:
            twin = self.folder(_TWINS[table], repository_id)
            names = {part.name for part in twin.glob("*.parquet")}
            return sorted(part for part in folder.glob("*.parquet") if part.name in names)
        if table in COMMIT_TABLES or table in FORGE_TABLES or table in ARCHIVE_TABLES:
            return sorted(folder.glob("*.parquet"))
        number = self._snapshot_number(repository_id)
        part = folder / f"{number:08d}.parquet"
        if table in CHECKPOINT_TABLES:
            tips = self.read("repositories", repository_id, ["tip_commit_id"])["tip_commit_id"]
            part = folder / f"{tips[0] if len(tips) else None}.parquet"
        return [part] if part.is_file() else []

    def read(
        self, table: str, repository_id: str, columns: list[str] | None = None
    ) -> pl.DataFrame:
        """The rows of a table for a repository; an empty frame where nothing was mined."""
        frames = [read_part(part, columns) for part in self.parts(table, repository_id)]
        if not frames:
            empty = _SCHEMAS[table].to_frame()
            return empty.select(columns) if columns else empty
        return pl.concat(frames)

    def contents(self, repository_id: str) -> str:
        """Digest of the names of all parts of the commit tables that count."""
        digest = hashlib.sha256()
        for table in COMMIT_TABLES:
            for part in self.parts(table, repository_id):
                digest.update(f"{table} {part.name}\n".encode())
        return digest.hexdigest()

    def has_snapshot(self, repository_id: str) -> bool:
        """Whether the newest snapshot of a repository is there with every table."""
        return all(self.parts(table, repository_id) for table in SNAPSHOT_TABLES)

    def known_commits(self, table: str, repository_id: str) -> set[str]:
        """Ids of the commits that a commit table already holds."""
        return set(self.read(table, repository_id, ["commit_id"])["commit_id"])

    def append_commits(self, commits: pl.DataFrame, repository_id: str) -> None:
        """Write a part of `commits`.

        Raises:
            LakeWriteError: the disk is full, or the folder cannot be written.
        """
        self._write("commits", repository_id, part_name(commits["commit_id"]), commits)

    def append(self, table: str, frame: pl.DataFrame, key: str, repository_id: str) -> None:
        """Write a part of a table whose rows are told by the values of one column.

        Raises:
            LakeWriteError: the disk is full, or the folder cannot be written.
        """
        self._write(table, repository_id, part_name(set(frame[key])), frame)

    def append_told(
        self,
        table: str,
        frame: pl.DataFrame,
        key: Sequence[str],
        repository_id: str,
        in_place_of: Path | None = None,
    ) -> None:
        """Write a part of a forge's table, named by the values of `key` in its rows.

        One that is read anew takes the place of an older part, and its name.

        Raises:
            LakeWriteError: the disk is full, or the folder cannot be written.
        """
        names = ("\0".join(map(str, row)) for row in frame.select(key).iter_rows())
        name = part_name(names) if in_place_of is None else in_place_of.stem
        before = in_place_of.stat().st_mtime_ns if in_place_of is not None else None
        self._write(table, repository_id, name, frame)
        if in_place_of is not None and before is not None:
            # hosts take the newer one, and the clock of whoever wrote the older may be ahead
            newer = max(before + 1, in_place_of.stat().st_mtime_ns)
            os.utime(in_place_of, ns=(newer, newer))

    def file_parts(self, table: str) -> list[Path]:
        """The parts of a forge's table that came from files, of whatever repositories."""
        return sorted((self.root / table / _OF_FILES).glob("*.parquet"))

    def write_file_part(self, table: str, frame: pl.DataFrame, name: str) -> None:
        """Write the part of one file in place of what it told before; none for no rows.

        Raises:
            LakeWriteError: the disk is full, or the folder cannot be written.
        """
        part = self.root / table / _OF_FILES / f"{name}.parquet"
        if frame.height:
            self.write_part(table, part, frame)
        else:
            part.unlink(missing_ok=True)

    def read_note(self, kind: str, name: str) -> dict[str, object] | None:
        """A small record that an extractor keeps for its next run; None where there is none.

        Raises:
            LakeError: it cannot be read.
        """
        path = self.note_path(kind, name)
        return json_object(path) if path.is_file() else None

    def note_path(self, kind: str, name: str) -> Path:
        """Where a small record is kept."""
        return self.root / kind / f"{file_name(name)}.json"

    def note_names(self, kind: str) -> list[str]:
        """The names under which `write_note` kept records of a kind."""
        return sorted(unquote(path.stem) for path in (self.root / kind).glob("*.json"))

    def write_note(self, kind: str, name: str, note: Mapping[str, object]) -> None:
        """Keep a small record for the next run, such as how far an extractor has come.

        Raises:
            LakeWriteError: the disk is full, or the folder cannot be written.
        """
        content = json.dumps(dict(note), sort_keys=True) + "\n"
        write_whole(self.note_path(kind, name), content.encode())

    def remove_note(self, kind: str, name: str) -> None:
        """Forget a small record."""
        self.note_path(kind, name).unlink(missing_ok=True)

    def append_diffs(
        self, file_changes: pl.DataFrame, commit_diffs: pl.DataFrame, repository_id: str
    ) -> None:
        """Write a part of `file_changes` and then its twin of `commit_diffs`, which completes it.

        The part is named after its commits and how many counts are missing in it, so that writing
        it again replaces it, and one with fewer missing stands beside it.

        Raises:
            LakeWriteError: the disk is full, or the folder cannot be written.
        """
        missing = commit_diffs["missing_files"].sum()
        name = part_name([*commit_diffs["commit_id"], *([f"missing {missing}"] if missing else [])])
        for table, frame in (("file_changes", file_changes), ("commit_diffs", commit_diffs)):
            self._write(table, repository_id, name, frame.with_columns(part=pl.lit(name)))

    def append_lines(self, deaths: pl.DataFrame, changes: pl.DataFrame, repository_id: str) -> None:
        """Write a part of `line_deaths` and then its twin of `line_changes`, which completes it.

        The part is named after its landed changes and what was known of the past: writing it
        again replaces it, and one that knows more stands beside it.

        Args:
            deaths: schema `LINE_DEATHS` without `part`.
            changes: schema `LINE_CHANGES` without `part`; not empty.
            repository_id: the name of the repository.

        Raises:
            LakeWriteError: the disk is full, or the folder cannot be written.
        """
        first, missing = changes["first_commit_id"][0], changes["missing_files"][-1]
        name = part_name([*changes["commit_id"], f"first {first}", f"missing {missing}"])
        for table, frame in (("line_deaths", deaths), ("line_changes", changes)):
            self._write(table, repository_id, name, frame.with_columns(part=pl.lit(name)))

    def write_line_runs(self, runs: pl.DataFrame, repository_id: str) -> None:
        """Write a checkpoint, named after its landed change; all but the newest four are removed.

        Raises:
            LakeWriteError: the disk is full, or the folder cannot be written.
        """
        self._write("line_runs", repository_id, runs["commit_id"][0], runs)
        parts = self.folder("line_runs", repository_id).glob("*.parquet")
        for part in sorted(parts, key=modified)[:-_KEPT_CHECKPOINTS]:
            part.unlink(missing_ok=True)

    def has_line_runs(self, repository_id: str, commit_id: str) -> bool:
        """Whether there is a checkpoint after a landed change."""
        return (self.folder("line_runs", repository_id) / f"{commit_id}.parquet").is_file()

    def line_checkpoints(self, repository_id: str) -> list[tuple[str, str, int]]:
        """`commit_id`, `first_commit_id` and `missing_files` of each checkpoint.

        Raises:
            LakeError: one cannot be read.
        """
        columns = ["commit_id", "first_commit_id", "missing_files"]
        parts = sorted(self.folder("line_runs", repository_id).glob("*.parquet"))
        return [read_part(part, columns, rows=1).row(0) for part in parts]

    def read_line_runs(self, repository_id: str, commit_id: str) -> pl.DataFrame:
        """A checkpoint; schema `LINE_RUNS`.

        Raises:
            LakeError: it cannot be read.
        """
        return read_part(self.folder("line_runs", repository_id) / f"{commit_id}.parquet")

    def remove_line_runs(self, repository_id: str, commit_id: str) -> None:
        """Remove a checkpoint that no longer holds."""
        part = self.folder("line_runs", repository_id) / f"{commit_id}.parquet"
        part.unlink(missing_ok=True)

    def write_snapshot(self, frames: Mapping[str, pl.DataFrame], repository_id: str) -> None:
        """Write the next snapshot of a repository; `frames` holds every snapshot table.

        Raises:
            LakeWriteError: the disk is full, or the folder cannot be written.
        """
        number = self._snapshot_number(repository_id) + 1
        for table in SNAPSHOT_TABLES:  # ends with `repositories`
            self._write(table, repository_id, f"{number:08d}", frames[table])
        for table in SNAPSHOT_TABLES:
            for part in sorted(self.folder(table, repository_id).glob("*.parquet")):
                if int(part.stem) <= number - _KEPT_SNAPSHOTS:
                    part.unlink(missing_ok=True)

    def _snapshot_number(self, repository_id: str) -> int:
        parts = self.folder("repositories", repository_id).glob("*.parquet")
        return max((int(part.stem) for part in parts), default=0)

    def _write(self, table: str, repository_id: str, name: str, frame: pl.DataFrame) -> None:
        self.write_part(table, self.folder(table, repository_id) / f"{name}.parquet", frame)

    def write_part(self, table: str, target: Path, frame: pl.DataFrame) -> None:
        """Write a part whole, after its checksum.

        Raises:
            LakeWriteError: the disk is full, or the folder cannot be written.
        """
        frame = frame.select(_SCHEMAS[table].names()).cast(_SCHEMAS[table])
        buffer = io.BytesIO()
        frame.write_parquet(buffer, compression="zstd", statistics=True)
        content = buffer.getvalue()
        try:
            record_checksum(self.root, target.parent.name, target, content, MACHINE)
        except OSError as error:
            raise LakeWriteError(cannot_write(target, error)) from error
        write_whole(target, content)

    @contextmanager
    def lock(self, repository_id: str) -> Iterator[None]:
        """Hold a repository while it is mined; a second process waits for its turn.

        Raises:
            LakeWriteError: the lock file cannot be written.
        """
        path = self.root / "locks" / f"{file_name(repository_id)}.lock"
        lock = filelock.FileLock(path)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            lock.acquire()
        except OSError as error:
            raise LakeWriteError(cannot_write(path, error)) from error
        try:
            self._sweep(repository_id)
            yield
        finally:
            lock.release()

    def _sweep(self, repository_id: str) -> None:
        """Remove what killed runs on this machine left half-written."""
        sweep_notes(self.root)
        for table in _SCHEMAS:
            for rest in self.folder(table, repository_id).glob(f".*.{MACHINE}.*.tmp"):
                with suppress(OSError):
                    rest.unlink()
