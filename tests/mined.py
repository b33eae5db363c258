"""What was mined and what git itself says, in one form that tests compare."""

import re
from pathlib import Path

import polars as pl
from git_fixtures import RepositoryBuilder

from quarterdeck.extractors.lake import Lake
from quarterdeck.extractors.mining import MiningResult, mine_repository
from quarterdeck.extractors.repository import open_repository
from quarterdeck.extractors.schemas import COMMIT_TABLES, SNAPSHOT_TABLES

#: (path, status, old path, added, deleted)
Change = tuple[bytes, str, bytes | None, int | None, int | None]

_ESCAPES = {"a": 7, "b": 8, "t": 9, "n": 10, "v": 11, "f": 12, "r": 13, '"': 34, "\\": 92}


def mine(
    path: Path, lake: Path, repository_id: str = "app", jobs: int = 2, *, lines: bool = True
) -> MiningResult:
    """Mine a repository into the lake in a folder."""
    return mine_repository(open_repository(path), repository_id, Lake(lake), jobs, lines=lines)


def table(lake: Path, name: str, repository_id: str = "app") -> pl.DataFrame:
    """A table of the lake."""
    return Lake(lake).read(name, repository_id)


def content(lake: Path, repository_id: str = "app") -> dict[str, list[tuple[object, ...]]]:
    """Everything in a lake by key: without the names of parts and the time of the run."""
    found = {}
    for name in COMMIT_TABLES | SNAPSHOT_TABLES:
        frame = table(lake, name, repository_id).drop("part", "mined_at", strict=False)
        frame = frame.drop("fingerprint", strict=False)
        found[name] = sorted(set(map(_hashable, frame.rows())), key=repr)
    return found


def _hashable(row: tuple[object, ...]) -> tuple[object, ...]:
    return tuple(tuple(value) if isinstance(value, list) else value for value in row)


def path_bytes(path: str) -> bytes:
    """The bytes of a path in the lake: the way back from `text.decode_path`."""
    if not path.startswith('"'):
        return path.encode()
    found = bytearray()
    for octal, letter, plain in re.findall(r'\\([0-7]{3})|\\([abtnvfr"\\])|([^\\])', path[1:-1]):
        found += bytes([int(octal, 8) if octal else _ESCAPES[letter] if letter else ord(plain)])
    return bytes(found)


def mined_changes(lake: Path, repository_id: str = "app") -> dict[str, list[Change]]:
    """The changed files of each mined commit."""
    found: dict[str, list[Change]] = {
        commit_id: [] for commit_id in table(lake, "commit_diffs", repository_id)["commit_id"]
    }
    for row in table(lake, "file_changes", repository_id).iter_rows(named=True):
        old = path_bytes(row["old_path"]) if row["old_path"] is not None else None
        found[row["commit_id"]].append(
            (path_bytes(row["path"]), row["status"], old, row["added"], row["deleted"])
        )
    return {commit_id: sorted(changes, key=repr) for commit_id, changes in found.items()}


def git_changes(repository: RepositoryBuilder, *arguments: str) -> dict[str, list[Change]]:
    """The changed files of each commit as `git log --raw --numstat -M -z` tells them."""
    out = repository.git_bytes(
        *("log", "--raw", "--numstat", "-M", "-z", "--no-abbrev", "--format=commit %H", *arguments)
    )
    found: dict[str, list[Change]] = {}
    raw: dict[bytes, tuple[str, bytes | None]] = {}
    changes: list[Change] = []
    tokens = iter(out.split(b"\0"))
    for token in tokens:
        token = token.lstrip(b"\n")
        if token.startswith(b"commit "):
            raw, changes = {}, []
            found[token[7:47].decode()] = changes
        elif token.startswith(b":"):
            status = token.split(b" ")[4][:1].decode()
            first = next(tokens)
            if status in "RC":
                raw[next(tokens)] = (status, first)
            else:
                raw[first] = (status, None)
        elif token:
            added, deleted, path = token.split(b"\t", 2)
            if not path:
                next(tokens)
                path = next(tokens)
            counts = (None, None) if added == b"-" else (int(added), int(deleted))
            changes.append((path, *raw[path], *counts))
    return {commit_id: sorted(changes, key=repr) for commit_id, changes in found.items()}
