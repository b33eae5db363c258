"""Commits, refs and the landed changes of a repository, read with pygit2."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import polars as pl
import pygit2

from quarterdeck.extractors.diffs import EMPTY_TREE, DiffRequest
from quarterdeck.extractors.repository import OpenRepository
from quarterdeck.extractors.schemas import COMMITS, LANDINGS, REFS, TIP_FILES
from quarterdeck.extractors.text import decode_path, decode_text, timestamp

_OLDEST_FIRST = pygit2.enums.SortMode.TOPOLOGICAL | pygit2.enums.SortMode.REVERSE
_TIP_FILE_NAMES = frozenset({".gitattributes", ".mailmap"})
#: `.mailmap` and `.gitattributes` files beyond this size are not read (git's own limit for
#: attributes is 100 MB; nothing near it is a table of people or patterns).
_TIP_FILE_LIMIT = 8 << 20

Parents = dict[str, tuple[str, ...]]


@dataclass
class History:
    """The shape of a default branch: every commit reachable from its tip."""

    parents: Parents  # oldest first; parents that a shallow clone lacks are left out
    chain: list[str]  # landed changes, oldest first
    unreadable: dict[str, str] = field(default_factory=dict)  # commit id -> problem

    @property
    def position(self) -> dict[str, int]:
        """Index of each landed change in the chain."""
        return {commit_id: index for index, commit_id in enumerate(self.chain)}


def read_history(repository: OpenRepository) -> History:
    """Walk everything reachable from the tip of the default branch.

    A commit that cannot be read ends its line of history there and is named in `unreadable`.
    """
    tip = str(repository.tip)
    try:
        walk = repository.git.walk(repository.tip, _OLDEST_FIRST)
        parents = {str(c.id): tuple(map(str, c.parent_ids)) for c in walk}
        unreadable: dict[str, str] = {}
    except (pygit2.GitError, KeyError, ValueError):
        parents, unreadable = _walk_around(repository.git, [tip], {})
        parents = dict(reversed(parents.items()))
    chain = []
    at: str | None = tip
    while at in parents:
        chain.append(at)
        first = parents[at][:1]
        at = first[0] if first and at not in repository.shallow else None
    chain.reverse()
    return History(parents, chain, unreadable)


def _walk_around(
    git: pygit2.Repository, tips: Iterable[str], known: Mapping[str, object]
) -> tuple[Parents, dict[str, str]]:
    """Parents of every readable commit from `tips` down to `known`, and what was not readable."""
    parents: Parents = {}
    unreadable: dict[str, str] = {}
    stack = list(tips)
    while stack:
        commit_id = stack.pop()
        if commit_id in known or commit_id in parents or commit_id in unreadable:
            continue
        try:
            commit = git[commit_id].peel(pygit2.Commit)
            parents[commit_id] = tuple(map(str, commit.parent_ids))
        except (pygit2.GitError, KeyError, ValueError) as error:
            unreadable[commit_id] = f"commit cannot be read: {error}"
            continue
        stack.extend(parents[commit_id])
    return parents, unreadable


def landings(repository_id: str, history: History) -> pl.DataFrame:
    """Which landed change brought in each commit of the default branch; schema `LANDINGS`."""
    landed: dict[str, tuple[str, int]] = {}
    for index, landed_id in enumerate(history.chain):
        stack = [landed_id]
        while stack:
            commit_id = stack.pop()
            if commit_id in landed or commit_id not in history.parents:
                continue
            landed[commit_id] = (landed_id, index)
            # The first parent of a landed change is the landed change before it.
            stack.extend(history.parents[commit_id][commit_id == landed_id :])
    return pl.DataFrame(
        {
            "repository_id": [repository_id] * len(landed),
            "commit_id": list(landed),
            "landed_commit_id": [landed_id for landed_id, _ in landed.values()],
            "position": [index for _, index in landed.values()],
        },
        schema=LANDINGS,
    )


def refs(repository_id: str, repository: OpenRepository) -> pl.DataFrame:
    """Every ref and the commit it leads to; refs to other objects are left out; schema `REFS`."""
    rows: list[tuple[str, str, str]] = []
    for reference in repository.git.references.iterator():
        if reference.type != pygit2.enums.ReferenceType.DIRECT:
            continue
        try:
            commit_id = str(reference.peel(pygit2.Commit).id)
        except (pygit2.GitError, KeyError, ValueError):
            continue
        rows.append((repository_id, decode_path(reference.raw_name), commit_id))
    rows.sort()
    return pl.DataFrame(rows, schema=REFS, orient="row")


def commits(
    repository_id: str, git: pygit2.Repository, commit_ids: Sequence[str], batch: int = 20_000
) -> Iterator[pl.DataFrame]:
    """Metadata of the given commits, in batches; schema `COMMITS`.

    Commits that cannot be read are left out: `read_history` and `own_commits` name them.
    """
    for start in range(0, len(commit_ids), batch):
        rows = [_row(repository_id, git[c].peel(pygit2.Commit)) for c in commit_ids[start:][:batch]]
        yield pl.DataFrame(rows, schema=COMMITS, orient="row")


def _row(repository_id: str, commit: pygit2.Commit) -> tuple[object, ...]:
    encoding = commit.message_encoding
    author, committer = commit.author, commit.committer
    return (
        repository_id,
        str(commit.id),
        str(commit.tree_id),
        [str(parent) for parent in commit.parent_ids],
        decode_text(author.raw_name, encoding),
        decode_text(author.raw_email, encoding),
        timestamp(author.time),
        author.offset,
        decode_text(committer.raw_name, encoding),
        decode_text(committer.raw_email, encoding),
        timestamp(committer.time),
        committer.offset,
        decode_text(commit.raw_message, encoding),
    )


def diff_requests(
    repository: OpenRepository, history: History, commit_ids: Iterable[str]
) -> list[DiffRequest]:
    """What to diff for each commit: its tree against its first parent's.

    The commits at a shallow clone's boundary are left out: what they changed is not known.
    """
    git = repository.git
    requests = []
    for commit_id in commit_ids:
        if commit_id in repository.shallow:
            continue
        first = history.parents[commit_id][:1]
        if first and first[0] not in history.parents:
            continue  # an unreadable parent; reported with it
        old = str(git[first[0]].peel(pygit2.Commit).tree_id) if first else EMPTY_TREE
        new = str(git[commit_id].peel(pygit2.Commit).tree_id)
        requests.append(DiffRequest(commit_id, first[0] if first else None, old, new))
    return requests


def tip_files(repository_id: str, repository: OpenRepository) -> pl.DataFrame:
    """Text of `.mailmap` and every `.gitattributes` at the tip; schema `TIP_FILES`."""
    rows: list[tuple[str, str, str]] = []
    git = repository.git
    stack: list[tuple[bytes, pygit2.Oid]] = [(b"", git[repository.tip].peel(pygit2.Tree).id)]
    while stack:
        prefix, tree_id = stack.pop()
        try:
            entries = list(git[tree_id].peel(pygit2.Tree))
        except (pygit2.GitError, KeyError):
            continue  # a partial clone without this tree
        for entry in entries:
            path = prefix + (entry.raw_name or b"")
            if entry.filemode == pygit2.enums.FileMode.TREE:
                stack.append((path + b"/", entry.id))
            elif entry.name in _TIP_FILE_NAMES and (not prefix or entry.name != ".mailmap"):
                content = _blob(git, entry.id)
                if content is not None:
                    rows.append((repository_id, decode_path(path), decode_text(content)))
    rows.sort()
    return pl.DataFrame(rows, schema=TIP_FILES, orient="row")


def _blob(git: pygit2.Repository, blob_id: pygit2.Oid) -> bytes | None:
    try:
        blob = git[blob_id]
    except KeyError:
        return None
    if not isinstance(blob, pygit2.Blob) or blob.size > _TIP_FILE_LIMIT:
        return None
    return blob.data
