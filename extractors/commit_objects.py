"""Commit objects as they are stored.

libgit2's own view of a commit follows `info/grafts` and the `shallow` file, refuses a history
for one malformed author line, and reads a missing time as 1970. What is mined must be a function
of the commit id alone, so the object's bytes are read here, by git's rules for identity lines.
"""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple
from weakref import WeakKeyDictionary

import polars as pl
import pygit2

from quarterdeck.extractors.errors import ExtractorError
from quarterdeck.extractors.schemas import TIMESTAMP

# The headers that every commit has, as git writes them.
_HEADERS = re.compile(
    rb"tree ([0-9a-f]{40})\n((?:parent [0-9a-f]{40}\n)*)author ([^\n]*)\ncommitter ([^\n]*)\n"
)
_IDENTITY = re.compile(rb"([^<>]*)<([^<>]*)> (\d{1,19}) ([+-]\d{4})")  # as git writes it
_TIME = re.compile(rb"\s*(\d{1,19})(?!\d)(?:\s+([+-]\d{1,9})(?!\d))?")
#: Time zones reach from UTC-12 to UTC+14; a recorded offset of a day or more is an error.
_DAY_MINUTES = 24 * 60
#: First and last second of the years that Python, polars and DuckDB can all hold.
_FIRST_SECOND, _LAST_SECOND = -62135596800, 253402300799
_COMMIT = int(pygit2.enums.ObjectType.COMMIT)
_KEPT_COMMITS = 50_000  # some 60 MB


class UnreadableCommitError(ExtractorError):
    """A commit object is missing, corrupt, or no commit."""


class Person(NamedTuple):
    """An author or committer; None is what the commit does not tell, or not in a readable way."""

    name: bytes
    email: bytes
    seconds: int | None  # since 1970, however far
    offset_minutes: int | None  # east of UTC


class CommitObject(NamedTuple):
    """The parts of a commit; people are parsed when asked for."""

    tree_id: str
    parent_ids: tuple[str, ...]
    author_line: bytes
    committer_line: bytes
    encoding: str | None
    message: bytes

    @property
    def author(self) -> Person:
        """Who wrote it, and when."""
        return _person(self.author_line)

    @property
    def committer(self) -> Person:
        """Who committed it, and when."""
        return _person(self.committer_line)


_KEPT: WeakKeyDictionary[pygit2.Repository, dict[str, CommitObject]] = WeakKeyDictionary()


def read_commit(git: pygit2.Repository, commit_id: str) -> CommitObject:
    """Read and parse a commit; the first 50,000 of a repository are kept for the next reader.

    Raises:
        UnreadableCommitError: with what libgit2 says of it.
    """
    kept = _KEPT.setdefault(git, {})
    commit = kept.get(commit_id)
    if commit is None:
        commit = _read_commit(git, commit_id)
        if len(kept) < _KEPT_COMMITS:
            kept[commit_id] = commit
    return commit


def _read_commit(git: pygit2.Repository, commit_id: str) -> CommitObject:
    try:
        kind, raw = git.odb.read(pygit2.Oid(hex=commit_id))
    except (pygit2.GitError, KeyError, ValueError, OSError) as error:
        raise UnreadableCommitError(f"commit {commit_id} cannot be read: {error}") from error
    if kind != _COMMIT:
        raise UnreadableCommitError(f"commit {commit_id} cannot be read: it is no commit")
    return parse_commit(raw)


def parse_commit(raw: bytes) -> CommitObject:
    """Parse the content of a commit object."""
    header, _, message = raw.partition(b"\n\n")
    found = _HEADERS.match(header + b"\n")
    if found and b"\nencoding " not in header:
        tree, parent_lines, author, committer = found.groups()
        parent_ids = tuple(parent_lines.decode().split()[1::2])
        return CommitObject(tree.decode(), parent_ids, author, committer, None, message)
    tree_id, parents, encoding = "", [], None
    author = committer = b""
    for line in header.split(b"\n"):
        if line.startswith(b"parent "):
            parents.append(line[7:].decode("ascii", "replace"))
        elif line.startswith(b"tree "):
            tree_id = line[5:].decode("ascii", "replace")
        elif line.startswith(b"author "):
            author = author or line[7:]
        elif line.startswith(b"committer "):
            committer = committer or line[10:]
        elif line.startswith(b"encoding "):
            encoding = line[9:].decode("ascii", "replace")
    return CommitObject(tree_id, tuple(parents), author, committer, encoding, message)


def _person(line: bytes) -> Person:
    if found := _IDENTITY.fullmatch(line):
        name, email, seconds, zone = found.groups()
        return Person(name.strip(), email.strip(), int(seconds), _minutes(zone))
    name, _, rest = line.partition(b"<")
    is_closed = b">" in rest
    email = rest.partition(b">")[0] if is_closed else rest.partition(b" ")[0]
    found = _TIME.match(line.rpartition(b">")[2]) if is_closed else None
    return Person(
        name.strip(),
        email.strip(),
        int(found[1]) if found else None,
        _minutes(found[2]) if found and found[2] else None,
    )


@lru_cache(maxsize=1024)
def _minutes(zone: bytes) -> int | None:
    hours, minutes = divmod(int(zone[1:]), 100)
    total = hours * 60 + minutes
    if total >= _DAY_MINUTES:
        return None
    return -total if zone.startswith(b"-") else total


def in_range(seconds: int | None) -> int | None:
    """Seconds since 1970 where a table can hold that time; None outside the years 1 to 9999."""
    if seconds is None or not _FIRST_SECOND <= seconds <= _LAST_SECOND:
        return None
    return seconds


def timestamps(seconds: Sequence[int | None]) -> pl.Series:
    """Seconds since 1970 as UTC times; NULL for None and for what is not `in_range`."""
    held = [None if at is None else at * 1_000_000 for at in map(in_range, seconds)]
    return pl.Series(held, dtype=pl.Int64()).cast(TIMESTAMP)
