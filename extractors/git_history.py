"""Commits, refs and the landed changes of a repository, read with pygit2."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import polars as pl
import pygit2

from quarterdeck.extractors.commit_objects import (
    UnreadableCommitError,
    read_commit,
    timestamps,
)
from quarterdeck.extractors.diffs import EMPTY_TREE, DiffRequest
from quarterdeck.extractors.repository import OpenRepository, peel
from quarterdeck.extractors.schemas import COMMITS, LANDINGS, REFS, TIP_FILES
from quarterdeck.extractors.text import decode_path, decode_text

_TIP_FILE_NAMES = frozenset({".gitattributes", ".mailmap"})
#: `.mailmap` and `.gitattributes` files beyond this size are not read (git's own limit for
#: attributes is 100 MB; nothing near it is a table of people or patterns).
_TIP_FILE_LIMIT = 8 << 20

Parents = dict[str, tuple[str, ...]]


@dataclass
class History:
    """The shape of a default branch: every commit reachable from its tip."""

    parents: Parents  # oldest first; a shallow clone's boundary has none
    chain: list[str]  # landed changes, oldest first
    trees: dict[str, str]  # tree id of each commit
    unreadable: dict[str, str] = field(default_factory=dict)  # commit id -> problem


def read_history(repository: OpenRepository) -> History:
    """Walk everything reachable from the tip of the default branch.

    Parents come before children, and what a landed change brought in stands right before it:
    the order in which reading the objects costs least. A commit that cannot be read ends its
    line of history there and is named in `unreadable`.
    """
    tip = str(repository.tip)
    trees: dict[str, str] = {}
    unreadable: dict[str, str] = {}
    read: Parents = {}
    parents: Parents = {}
    stack = [tip]
    while stack:
        commit_id = stack[-1]
        if commit_id in parents or commit_id in unreadable:
            stack.pop()
            continue
        above = read.get(commit_id)
        if above is None:
            try:
                commit = read_commit(repository.git, commit_id)
            except UnreadableCommitError as error:
                unreadable[commit_id] = str(error)
                continue
            trees[commit_id] = commit.tree_id
            above = () if commit_id in repository.shallow else commit.parent_ids
            read[commit_id] = above
        pending = [p for p in above if p not in parents and p not in unreadable]
        if pending:
            stack.extend(reversed(pending))
        else:
            parents[commit_id] = above
            stack.pop()
    chain = []
    at: str | None = tip
    while at in parents:
        chain.append(at)
        at = next(iter(parents[at]), None)
    chain.reverse()
    return History(parents, chain, trees, unreadable)


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
        commit_id = peel(repository.git, reference)
        if commit_id is not None:
            rows.append((repository_id, decode_path(reference.raw_name), str(commit_id)))
    rows.sort()
    return pl.DataFrame(rows, schema=REFS, orient="row")


def commits(
    repository_id: str, git: pygit2.Repository, commit_ids: Sequence[str], batch: int = 20_000
) -> Iterator[pl.DataFrame]:
    """Metadata of the given commits, in batches; schema `COMMITS`.

    Raises:
        UnreadableCommitError: a commit cannot be read.
    """
    for start in range(0, len(commit_ids), batch):
        yield _commits(repository_id, git, commit_ids[start : start + batch])


def _commits(repository_id: str, git: pygit2.Repository, commit_ids: Sequence[str]) -> pl.DataFrame:
    # Rows with lists and datetimes cost polars as much as all the reading.
    objects = [read_commit(git, commit_id) for commit_id in commit_ids]
    encodings = [commit.encoding for commit in objects]
    columns: dict[str, object] = {
        "repository_id": [repository_id] * len(objects),
        "commit_id": commit_ids,
        "tree_id": [commit.tree_id for commit in objects],
        "parent_ids": pl.Series(
            [" ".join(commit.parent_ids) for commit in objects], dtype=pl.String()
        ).str.extract_all(r"\S+"),
        "message": [decode_text(commit.message, commit.encoding) for commit in objects],
    }
    for role, time, people in (
        ("author", "authored_at", [commit.author for commit in objects]),
        ("committer", "committed_at", [commit.committer for commit in objects]),
    ):
        pairs = list(zip(people, encodings, strict=True))
        columns[f"{role}_name"] = [decode_text(person.name, code) for person, code in pairs]
        columns[f"{role}_email"] = [decode_text(person.email, code) for person, code in pairs]
        columns[f"{role}_utc_offset_minutes"] = [person.offset_minutes for person in people]
        columns[time] = timestamps([person.seconds for person in people])
    return pl.DataFrame(columns).select(pl.col(n).cast(t) for n, t in COMMITS.items())


def diff_requests(
    repository: OpenRepository, history: History, commit_ids: Iterable[str]
) -> list[DiffRequest]:
    """What to diff for each commit: its tree against its first parent's.

    The commits at a shallow clone's boundary are left out: what they changed is not known.
    """
    requests = []
    for commit_id in commit_ids:
        if commit_id in repository.shallow:
            continue
        first = next(iter(history.parents[commit_id]), None)
        if first is not None and first not in history.trees:
            continue  # an unreadable parent; reported with it
        old = EMPTY_TREE if first is None else history.trees[first]
        requests.append(DiffRequest(commit_id, first, old, history.trees[commit_id]))
    return requests


def tip_files(repository_id: str, repository: OpenRepository) -> pl.DataFrame:
    """Text of `.mailmap` and every `.gitattributes` at the tip; schema `TIP_FILES`."""
    rows: list[tuple[str, str, str]] = []
    git = repository.git
    tree = pygit2.Oid(hex=read_commit(git, str(repository.tip)).tree_id)
    stack: list[tuple[bytes, pygit2.Oid]] = [(b"", tree)]
    while stack:
        prefix, tree_id = stack.pop()
        try:
            entries = list(git[tree_id].peel(pygit2.Tree))
        except (pygit2.GitError, KeyError, ValueError):
            continue  # a partial clone without this tree
        for entry in entries:
            path = prefix + (entry.raw_name or b"")
            if entry.filemode == pygit2.enums.FileMode.TREE:
                stack.append((path + b"/", entry.id))
            elif entry.filemode == pygit2.enums.FileMode.LINK:
                continue  # git reads neither through a symbolic link
            elif entry.name in _TIP_FILE_NAMES and (not prefix or entry.name != ".mailmap"):
                content = _blob(git, entry.id)
                if content is not None:
                    rows.append((repository_id, decode_path(path), decode_text(content)))
    rows.sort()
    return pl.DataFrame(rows, schema=TIP_FILES, orient="row")


def _blob(git: pygit2.Repository, blob_id: pygit2.Oid) -> bytes | None:
    try:
        blob = git[blob_id]
    except (pygit2.GitError, KeyError, ValueError):
        return None
    if not isinstance(blob, pygit2.Blob) or blob.size > _TIP_FILE_LIMIT:
        return None
    return blob.data
