"""The parts of a repository on this host's disk, as the store knows them."""

import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TypeAlias

from quarterdeck.extractors.errors import LakeWriteError
from quarterdeck.extractors.lake import Lake
from quarterdeck.extractors.lake_checksums import record_checksum
from quarterdeck.extractors.lake_files import MACHINE, cannot_write, json_object, write_whole

#: SHA-256, size in bytes and time of change (ns) of a part.
Entry: TypeAlias = tuple[str, int, int]
#: By table/name of the part.
Parts: TypeAlias = dict[str, Entry]


class State:
    """The parts of a repository on this host's disk, with checksums that are taken once."""

    def __init__(self, lake: Lake, folder: str) -> None:
        self.root, self.folder = lake.root, folder
        self._file = lake.root / "store" / f"{folder}.json"
        self._entries: Parts = {}
        if self._file.is_file():
            found = json_object(self._file)
            self._entries = entries(found)

    def place(self, path: str) -> Path:
        """Where a part (table/name) stands."""
        table, _, name = path.partition("/")
        return self.root / table / self.folder / name

    def local(self, tables: Iterable[str]) -> list[str]:
        """The parts of some tables that are there."""
        return [
            f"{table}/{part.name}"
            for table in tables
            for part in sorted((self.root / table / self.folder).glob("*.parquet"))
        ]

    def entry(self, path: str) -> Entry | None:
        """None where it is not there."""
        try:
            status = self.place(path).stat()
            known = self._entries.get(path)
            if known is None or known[1:] != (status.st_size, status.st_mtime_ns):
                with self.place(path).open("rb") as file:
                    digest = hashlib.file_digest(file, "sha256").hexdigest()
                self._entries[path] = known = (digest, status.st_size, status.st_mtime_ns)
        except FileNotFoundError:
            return None
        return known

    def write(self, path: str, content: bytes, entry: Entry) -> None:
        """Write a part as the store has it.

        Raises:
            LakeWriteError: the disk is full, or the folder cannot be written.
        """
        target = self.place(path)
        try:
            record_checksum(self.root, self.folder, target, content, MACHINE)
            write_whole(target, content)
            os.utime(target, ns=(entry[2], entry[2]))  # checkpoints go by their age
        except OSError as error:
            raise LakeWriteError(cannot_write(target, error)) from error
        self._entries[path] = entry

    def remove(self, paths: Iterable[str]) -> None:
        """Remove parts; one that is gone is no matter."""
        for path in paths:
            self._entries.pop(path, None)
            self.place(path).unlink(missing_ok=True)

    def save(self) -> None:
        """Keep the checksums for the next time."""
        kept = {path: entry for path, entry in self._entries.items() if self.place(path).is_file()}
        write_whole(self._file, json.dumps(kept, sort_keys=True).encode())


def entries(found: Mapping[str, Any]) -> Parts:
    """Raises ValueError, TypeError or AttributeError where it is nothing of the kind."""
    return {path: (str(sha), int(size), int(at)) for path, (sha, size, at) in found.items()}
