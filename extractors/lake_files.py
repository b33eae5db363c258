"""Files of the lake: written whole or not at all."""

import json
import os
import uuid
from pathlib import Path

from quarterdeck.extractors.errors import LakeError, LakeWriteError

#: Tells the temporary files of this machine from those of others.
MACHINE = f"{uuid.getnode():012x}"


def json_object(path: Path) -> dict[str, object]:
    """What a file holds.

    Raises:
        LakeError: it cannot be read, or holds no JSON object.
    """
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
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


def cannot_write(path: Path, error: OSError) -> str:
    """What to say of a file that cannot be written."""
    return (
        f"{path}: cannot be written: {error.strerror or error}; free some space or make the "
        "folder writable, and run again: what was written before is kept"
    )
