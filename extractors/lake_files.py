"""Files of the lake: written whole or not at all."""

import hashlib
import json
import os
import time
import uuid
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

import polars as pl

from quarterdeck.extractors.errors import LakeError, LakeVersionError, LakeWriteError

#: Version of the layout and of the schemas; a lake of a newer one is not touched.
LAKE_VERSION = 1

#: Tells the temporary files of this machine from those of others.
MACHINE = f"{uuid.getnode():012x}"
# Longer than a small record takes to be written, by a process that is not seen from here.
_NOTE_SECONDS = 60


def json_object(path: Path) -> dict[str, object]:
    """What a file holds.

    Raises:
        LakeError: it cannot be read, or holds no JSON object.
    """
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise LakeError(f"{path}: cannot be read ({error}); restore or remove it") from error
    if not isinstance(found, dict):
        raise LakeError(f"{path}: holds no JSON object; restore or remove it")
    return found


def write_whole(target: Path, content: bytes | memoryview) -> None:
    """Write to a temporary name beside `target`, flush to disk, and rename.

    Raises:
        LakeWriteError: the disk is full, or the folder cannot be written.
    """
    temporary = target.with_name(f".{target.name}.{MACHINE}.{os.getpid()}.tmp")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            with temporary.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(target)
        except OSError:
            temporary.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise LakeWriteError(cannot_write(target, error)) from error


def sweep_notes(root: Path) -> None:
    """Remove what killed processes of this machine left of small records, half-written."""
    for rest in root.glob(f"*/.*.json.{MACHINE}.*.tmp"):
        with suppress(OSError, ValueError):
            is_old = time.time() - rest.stat().st_mtime > _NOTE_SECONDS
            if is_old and not _is_process(int(rest.name.split(".")[-2])):
                rest.unlink()


def _is_process(number: int) -> bool:
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def cannot_write(path: Path, error: OSError) -> str:
    """What to say of a file that cannot be written."""
    return (
        f"{path}: cannot be written: {error.strerror or error}; free some space or make the "
        "folder writable, and run again: what was written before is kept"
    )


def file_name(repository_id: str) -> str:
    """A name of its own for each repository id, safe in any file system."""
    name = quote(repository_id, safe="")
    return name.replace(".", "%2E") if name in (".", "..") else name


def part_name(keys: Iterable[str]) -> str:
    """A name for the part of these keys, in whatever order: writing it again replaces it."""
    digest = hashlib.sha256()
    for key in sorted(keys):
        digest.update(key.encode())
    return digest.hexdigest()[:20]


def modified(part: Path) -> tuple[int, str]:
    """What to order parts by, the oldest first."""
    return part.stat().st_mtime_ns, part.name


def read_part(
    part: Path, columns: list[str] | None = None, *, rows: int | None = None
) -> pl.DataFrame:
    """The rows of a part, or the first `rows` of them.

    Raises:
        LakeError: it cannot be read.
    """
    try:
        return pl.read_parquet(part, columns=columns, n_rows=rows, glob=False)
    except (pl.exceptions.PolarsError, OSError) as error:
        raise LakeError(
            f"{part}: cannot be read ({error}); remove this file and run `quarterdeck mine`, "
            "which mines again what was in it"
        ) from error


def read_version(version_file: Path) -> int:
    """The version of a lake.

    Raises:
        LakeVersionError: it was written by a newer Quarterdeck.
        LakeError: the file tells none.
    """
    version = json_object(version_file).get("quarterdeck_lake")
    if not isinstance(version, int):
        raise LakeError(
            f"{version_file}: tells no lake version; restore it, or name another folder for the "
            "lake"
        )
    if version > LAKE_VERSION:
        raise LakeVersionError(
            f"{version_file.parent}: this lake has version {version}, written by a newer "
            f"Quarterdeck; this one knows versions up to {LAKE_VERSION}: upgrade Quarterdeck, "
            "or name another folder for the lake"
        )
    return version
