"""Where records of who wrote which lines are kept: notes, traces in the tree, checkpoints.

| form | where | written by |
| --- | --- | --- |
| note | `refs/notes/ai`, `refs/notes/whogitit`, `refs/notes/agent-trace`, | git-ai, whogitit, |
| | `refs/notes/srctrace/attribution`: a tree that names commits | Agent Trace tools, SourceTrace |
| note | `refs/ai/authorship/<commit>`: a blob | git-ai before its notes |
| trace | `.agent-trace/*.jsonl` and `*.json` at the tip | Agent Trace's reference hook |
| checkpoint | `metadata.json` on `entire/checkpoints/v1`, and below | Entire |
| | `refs/entire/checkpoints/<shard>/<id>` | |

git-ai's own copies (`refs/notes/ai-remote/*`, `refs/notes/ai-stash`) repeat `refs/notes/ai`.
"""

import hashlib
import re
from collections.abc import Iterator
from typing import NamedTuple

import pygit2

from quarterdeck.extractors.commit_objects import UnreadableCommitError, read_commit
from quarterdeck.extractors.repository import OpenRepository, peel
from quarterdeck.extractors.text import decode_path

NOTE, TRACE, CHECKPOINT = "note", "trace", "checkpoint"

_NOTES = frozenset(
    {
        "refs/notes/ai",
        "refs/notes/whogitit",
        "refs/notes/agent-trace",
        "refs/notes/srctrace/attribution",
    }
)
_NOTE_BLOB = re.compile(r"refs/ai/authorship/([0-9a-f]{40})")
_CHECKPOINTS = re.compile(
    r"refs/(?:heads|remotes/[^/]+)/entire/checkpoints/v1|refs/entire/checkpoints/[^/]+/[^/]+"
)
_METADATA = re.compile(r"(?:[0-9a-f]{2}/[0-9a-f]{10}/)?(?:\d+/)?metadata\.json")
_TRACE_FOLDER = ".agent-trace"
_HEX = frozenset("0123456789abcdef")
_ID_LENGTH = 40


class Found(NamedTuple):
    """A record's place; see `schemas.RECORDS` for the fields."""

    ref: str
    form: str
    commit_id: str | None
    path: str | None
    blob_id: str


def blob_refs_digest(repository: OpenRepository) -> str:
    """Changes with the refs that hold a record and lead to no commit.

    Refs that lead to commits are in `REFS` anyhow.
    """
    digest = hashlib.sha256()
    for name in sorted(repository.git.raw_listall_references()):
        if _NOTE_BLOB.fullmatch(decode_path(name)):
            target = repository.git.references[name.decode()].raw_target
            digest.update(name + b" " + str(target).encode() + b"\n")
    return digest.hexdigest()


def find_records(repository: OpenRepository) -> list[Found]:
    """Every record that the refs and the tip of the default branch hold, in a fixed order."""
    git = repository.git
    found: list[Found] = []
    for raw in git.raw_listall_references():
        name = decode_path(raw)
        if name in _NOTES:
            found += _notes(git, name)
        elif blob := _NOTE_BLOB.fullmatch(name):
            target = git.references[name].raw_target
            found.append(Found(name, NOTE, blob[1], None, str(target)))
        elif _CHECKPOINTS.fullmatch(name):
            found += _checkpoints(git, name)
    found += _traces(repository)
    return sorted(found, key=lambda f: (f.ref, f.commit_id or "", f.path or "", f.blob_id))


def _tree(git: pygit2.Repository, name: str) -> pygit2.Oid | None:
    commit_id = peel(git, git.references[name])
    return None if commit_id is None else _tree_of(git, str(commit_id))


def _tree_of(git: pygit2.Repository, commit_id: str) -> pygit2.Oid | None:
    try:
        return pygit2.Oid(hex=read_commit(git, commit_id).tree_id)
    except (UnreadableCommitError, ValueError):
        return None


def _blobs(
    git: pygit2.Repository, tree_id: pygit2.Oid | None, prefix: bytes = b""
) -> Iterator[tuple[bytes, str]]:
    """Path and id of every blob below a tree; trees that are not there are passed over."""
    stack = [(prefix, tree_id)] if tree_id is not None else []
    while stack:
        folder, at = stack.pop()
        try:
            entries = list(git[at].peel(pygit2.Tree))
        except (pygit2.GitError, KeyError, ValueError):
            continue  # a partial clone without this tree
        for entry in entries:
            path = folder + (entry.raw_name or b"")
            if entry.filemode == pygit2.enums.FileMode.TREE:
                stack.append((path + b"/", entry.id))
            elif entry.filemode != pygit2.enums.FileMode.COMMIT:
                yield path, str(entry.id)


def _notes(git: pygit2.Repository, name: str) -> Iterator[Found]:
    """Notes lie in folders that are named after the first digits of the commits' ids."""
    for path, blob_id in _blobs(git, _tree(git, name)):
        commit_id = path.replace(b"/", b"").decode("ascii", "replace")
        if len(commit_id) == _ID_LENGTH and set(commit_id) <= _HEX:
            yield Found(name, NOTE, commit_id, None, blob_id)


def _checkpoints(git: pygit2.Repository, name: str) -> Iterator[Found]:
    for raw, blob_id in _blobs(git, _tree(git, name)):
        path = decode_path(raw)
        if _METADATA.fullmatch(path):
            yield Found(name, CHECKPOINT, None, path, blob_id)


def _traces(repository: OpenRepository) -> Iterator[Found]:
    git = repository.git
    tree_id = _tree_of(git, str(repository.tip))
    if tree_id is None:
        return
    try:
        folder = git[tree_id].peel(pygit2.Tree)[_TRACE_FOLDER]
    except (pygit2.GitError, KeyError, ValueError):
        return
    if folder.filemode != pygit2.enums.FileMode.TREE:
        return
    for raw, blob_id in _blobs(git, folder.id, _TRACE_FOLDER.encode() + b"/"):
        path = decode_path(raw)
        if path.endswith((".json", ".jsonl")) and not path.endswith("/config.json"):
            yield Found("HEAD", TRACE, None, path, blob_id)
