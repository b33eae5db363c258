"""Checksums of the lake's parts: what a disk or a copy damaged is found, set aside, mined again.

Each machine that writes parts appends a line a part to a file of its own, before it writes the
part. A part is sound if its bytes have a checksum that any machine wrote down for it; one for
which there is none (of an earlier version, or brought from another lake) if it can be read whole.
"""

import hashlib
import json
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import polars as pl

from quarterdeck.extractors.errors import LakeWriteError
from quarterdeck.extractors.lake_files import MACHINE, cannot_write, file_name
from quarterdeck.extractors.schemas import TABLES

#: Days after which all parts of a repository are read again.
VERIFY_DAYS = 7
_FOLDER = "checksums"
_MARK = "verified"


def record_checksum(root: Path, folder: str, part: Path, content: bytes, machine: str) -> None:
    """Write down the checksum of a part that is about to be written.

    Args:
        root: of the lake.
        folder: of the repository, as the lake names it.
        part: where it will be.
        content: all of it.
        machine: that writes it.

    Raises:
        OSError: it cannot be written.
    """
    place = root / _FOLDER / folder
    place.mkdir(parents=True, exist_ok=True)
    line = {"part": _name(root, part), "sha256": hashlib.sha256(content).hexdigest()}
    with (place / f"{machine}.jsonl").open("a", encoding="utf-8") as file:
        file.write(json.dumps(line) + "\n")


def set_damaged_aside(
    root: Path, *, everything: bool = False, repository_id: str | None = None
) -> list[Path]:
    """Find parts that are not as they were written, and let them count no more.

    Args:
        root: of the lake.
        everything: whether to read all parts; else those of `repositories`, and all of the
            repositories whose parts were not read for some days.
        repository_id: look at this repository alone; None: at all.

    Returns:
        where they were.

    Raises:
        LakeWriteError: one cannot be set aside.
    """
    damaged = []
    name = "*" if repository_id is None else file_name(repository_id)
    folders = {folder.name for table in TABLES for folder in root.glob(f"{table}/{name}")}
    for folder in sorted(folders):
        if everything or is_due(root, folder):
            damaged += damaged_parts(root, folder, MACHINE)
        else:
            names = parts_of(root, folder, "repositories")
            damaged += [part for part in names if not is_readable(part)]
    for part in damaged:
        try:
            set_aside(part)
        except OSError as error:
            raise LakeWriteError(cannot_write(part, error)) from error
    return damaged


def is_due(root: Path, folder: str) -> bool:
    """Whether the parts of a repository have not all been read for some days."""
    mark = root / _FOLDER / folder / _MARK
    try:
        age = time.time() - mark.stat().st_mtime
    except OSError:
        return True
    return not 0 <= age < VERIFY_DAYS * 86_400


def damaged_parts(root: Path, folder: str, machine: str) -> list[Path]:
    """Read all parts of a repository; those that are not as they were written."""
    known = _known(root, folder)
    found = [part for part in parts_of(root, folder) if not _is_sound(root, part, known)]
    place = root / _FOLDER / folder
    with suppress(OSError):  # a lake that cannot be written is read once more next time
        place.mkdir(parents=True, exist_ok=True)
        _forget_removed(root, place / f"{machine}.jsonl")
        (place / _MARK).touch()
    return found


def unsound(root: Path, parts: Sequence[Path]) -> list[Path]:
    """Read parts of one repository; those that are not as they were written."""
    known = _known(root, parts[0].parent.name) if parts else {}
    return [part for part in parts if not _is_sound(root, part, known)]


def parts_of(root: Path, folder: str, table: str = "*") -> Iterator[Path]:
    """The parts of a repository, of one table or of all, in order of name."""
    tables = sorted(TABLES) if table == "*" else [table]
    for name in tables:
        yield from sorted((root / name / folder).glob("*.parquet"))


def set_aside(part: Path) -> None:
    """Let a part count no more; it stays beside the others under another name.

    Raises:
        OSError: the folder cannot be written.
    """
    part.replace(part.with_name(part.name + ".damaged"))


def is_readable(part: Path) -> bool:
    """Whether a part can be read whole."""
    try:
        pl.read_parquet(part, glob=False)
    except (pl.exceptions.PolarsError, OSError):
        return False
    return True


def _name(root: Path, part: Path) -> str:
    return part.relative_to(root).as_posix()


def _is_sound(root: Path, part: Path, known: dict[str, set[str]]) -> bool:
    sums = known.get(_name(root, part))
    if not sums:
        return is_readable(part)
    try:
        with part.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest() in sums
    except FileNotFoundError:
        return True  # superseded meanwhile
    except OSError:
        return False


def _lines(file: Path) -> Iterator[tuple[str, str]]:
    for line in file.read_text(encoding="utf-8", errors="replace").splitlines():
        # a killed run, or a full disk, may leave half a line
        with suppress(ValueError, KeyError, TypeError):
            found = json.loads(line)
            yield str(found["part"]), str(found["sha256"])


def _known(root: Path, folder: str) -> dict[str, set[str]]:
    known: dict[str, set[str]] = {}
    for file in sorted((root / _FOLDER / folder).glob("*.jsonl")):
        for part, checksum in _lines(file):
            known.setdefault(part, set()).add(checksum)
    return known


def _forget_removed(root: Path, file: Path) -> None:
    if not file.is_file():
        return
    kept = {line: None for line in _lines(file) if (root / line[0]).is_file()}
    text = "".join(json.dumps({"part": p, "sha256": s}) + "\n" for p, s in kept)
    temporary = file.with_name(f".{file.name}.tmp")
    temporary.write_text(text, encoding="utf-8")
    temporary.replace(file)
