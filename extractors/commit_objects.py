"""Commit objects as they are stored.

libgit2's own view of a commit follows `info/grafts` and the `shallow` file, refuses a history
for one malformed author line, and reads a missing time as 1970. What is mined must be a function
of the commit id alone, so the object's bytes are read here, by git's rules for identity lines.
"""

import re
from datetime import datetime
from typing import NamedTuple

import pygit2

from quarterdeck.extractors.errors import ExtractorError
from quarterdeck.extractors.text import timestamp

_TIME = re.compile(rb"\s*(\d+)(?:\s+([+-]\d+))?")
#: Time zones reach from UTC-12 to UTC+14; a recorded offset of a day or more is an error.
_DAY_MINUTES = 24 * 60
_COMMIT = int(pygit2.enums.ObjectType.COMMIT)


class UnreadableCommitError(ExtractorError):
    """A commit object is missing, corrupt, or no commit."""


class Person(NamedTuple):
    """An author or committer; None is what the commit does not tell, or not in a readable way."""

    name: bytes
    email: bytes
    at: datetime | None  # UTC
    offset_minutes: int | None  # east of UTC
    seconds: int | None  # since 1970, however far


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


def read_commit(git: pygit2.Repository, commit_id: str) -> CommitObject:
    """Read and parse a commit.

    Raises:
        UnreadableCommitError: with what libgit2 says of it.
    """
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
    tree_id, parents, encoding = "", [], None
    author = committer = b""
    for line in header.split(b"\n"):
        key, _, value = line.partition(b" ")
        if key == b"parent":
            parents.append(value.decode("ascii", "replace"))
        elif key == b"tree":
            tree_id = value.decode("ascii", "replace")
        elif key == b"author":
            author = author or value
        elif key == b"committer":
            committer = committer or value
        elif key == b"encoding":
            encoding = value.decode("ascii", "replace")
    return CommitObject(tree_id, tuple(parents), author, committer, encoding, message)


def _person(line: bytes) -> Person:
    name, _, rest = line.partition(b"<")
    is_closed = b">" in rest
    email = rest.partition(b">")[0] if is_closed else rest.partition(b" ")[0]
    found = _TIME.match(line.rpartition(b">")[2]) if is_closed else None
    seconds = int(found[1]) if found else None
    return Person(
        name.strip(),
        email.strip(),
        timestamp(seconds) if seconds is not None else None,
        _minutes(found[2]) if found and found[2] else None,
        seconds,
    )


def _minutes(zone: bytes) -> int | None:
    hours, minutes = divmod(int(zone[1:]), 100)
    total = hours * 60 + minutes
    if total >= _DAY_MINUTES:
        return None
    return -total if zone.startswith(b"-") else total
