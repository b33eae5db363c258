"""Pull requests without an API: from refs, messages and reachability.

A mirror clone names the head commit of every pull request (`refs/pull/N/head`, GitLab's
`refs/merge-requests/N/head`). What landed, and as which change, is told by the merge message,
by reachability of the head, by the `(#N)` that a squash leaves at the end of its subject, by
a rebase that kept author, author time and subject, or by a line that closes the pull request
in a commit of its author. When it was opened, and by whom, only
the forge knows.
"""

import re
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import polars as pl
import pygit2

from quarterdeck.extractors.closing_lines import closed_numbers
from quarterdeck.extractors.commit_objects import (
    CommitObject,
    UnreadableCommitError,
    in_range,
    read_commit,
    timestamps,
)
from quarterdeck.extractors.diffs import DiffRequest
from quarterdeck.extractors.git_history import History
from quarterdeck.extractors.schemas import PULL_REQUEST_COMMITS, PULL_REQUESTS
from quarterdeck.extractors.text import decode_text

#: GitHub lists at most 250 commits of a pull request; one with more than that is most often
#: against another base branch, so what is its own cannot be told from the default branch.
OWN_COMMITS_LIMIT = 250

_HEAD = re.compile(r"refs/(?:pull|merge-requests)/(\d+)/head")
_MERGE_SUBJECTS = (
    # GitHub; Gitea and Forgejo; Bitbucket
    re.compile(r"Merge pull request #(?P<number>\d+) from (?P<branch>\S+)"),
    re.compile(r"Merge pull request '.*' \(#(?P<number>\d+)\) from (?P<branch>\S+)"),
    re.compile(r"Merged in (?P<branch>\S+) \(pull request #(?P<number>\d+)\)"),
)
_GITLAB_SUBJECT = re.compile(r"Merge (?:remote-tracking )?branch '(?P<branch>[^']+)'")
_GITLAB_NUMBER = re.compile(r"(?m)^See merge request (?:\S*)!(?P<number>\d+)\s*$")
_SQUASH_NUMBER = re.compile(r"\((?:#|!|pull request #)(?P<number>\d+)\)\s*$")


#: How long after its head was committed an issue's number can be a GitLab merge request's.
_SOON = 30 * 86_400

_RebaseKey = tuple[bytes, int | None, bytes]  # author address, author time, bare subject


@dataclass
class _PullRequest:
    number: int
    ref: str | None = None
    head: str | None = None
    branch: str | None = None
    landed: str | None = None
    landed_by: str | None = None
    own: list[str] | None = None
    #: Its head is what another became: from the default branch into another one, most often.
    is_opened_from_landed: bool = False
    authored: list[int] = field(default_factory=list)  # seconds since 1970
    committed: list[int] = field(default_factory=list)


class _Naming(NamedTuple):
    """A landed change whose message names a pull request without being sure of it."""

    commit_id: str
    email: bytes
    authored: int | None
    committed: int | None
    how: str


@dataclass
class _Told:
    """What the messages of the chain leave to be compared with the heads."""

    keys: dict[_RebaseKey, str] = field(default_factory=dict)  # -> landed change
    namings: dict[int, list[_Naming]] = field(default_factory=dict)  # by number


class _OwnCommit(NamedTuple):
    """What is kept of a commit while the pull requests are read."""

    tree_id: str
    parent_ids: tuple[str, ...]
    authored: int | None  # seconds since 1970, as `in_range`
    committed: int | None


@dataclass(frozen=True)
class PullRequestFrames:
    """What `read_pull_requests` found."""

    pull_requests: pl.DataFrame  # schema PULL_REQUESTS
    commits: pl.DataFrame  # schema PULL_REQUEST_COMMITS
    unlanded_commits: list[str]  # own commits that the default branch does not hold
    #: Of the unlanded commits, those that the lines of a landed change are to be split over,
    #: where it stands for more than one of them, and those of pull requests that did not land,
    #: for their size. Merges are left out.
    diff_requests: list[DiffRequest]


def merged_number(message: str) -> tuple[int, str | None, str] | None:
    """The pull request that a landed change's message names.

    Returns:
        number, head branch where told, and how it was told ('merge message' or
        'subject number'); None where the message names none. A number inside the quoted
        subject of a revert is not the revert's own.
    """
    subject, _, body = message.lstrip("\n").partition("\n")
    for pattern in _MERGE_SUBJECTS:
        if found := pattern.match(subject):
            return int(found["number"]), found["branch"], "merge message"
    gitlab = _GITLAB_NUMBER.search(body)
    if gitlab is not None:
        branch = _GITLAB_SUBJECT.match(subject)
        return int(gitlab["number"]), branch["branch"] if branch else None, "merge message"
    if found := _SQUASH_NUMBER.search(subject):
        return int(found["number"]), None, "subject number"
    return None


def read_pull_requests(
    repository_id: str,
    git: pygit2.Repository,
    refs: pl.DataFrame,
    landings: pl.DataFrame,
    history: History,
) -> PullRequestFrames:
    """Every pull request known from refs and messages, and its own commits.

    Args:
        repository_id: written into each row.
        git: the repository.
        refs: schema `REFS`.
        landings: schema `LANDINGS`.
        history: the default branch; the chain's messages are read from `git`.
    """
    pulls = _from_refs(refs)
    landed_in = dict(zip(landings["commit_id"], landings["landed_commit_id"], strict=True))
    told = _tie_by_message(pulls, git, history.chain, refs_known=bool(pulls))
    named = {pull.landed for pull in pulls.values() if pull.landed is not None}
    for pull in pulls.values():
        if pull.landed is None and pull.head in named:
            pull.is_opened_from_landed = True
        elif pull.landed is None and pull.head in landed_in:
            pull.landed, pull.landed_by = landed_in[pull.head], "head reachable"
    _tie_by_author(pulls, git, told)
    brought_in: dict[str, set[str]] = {}
    for commit_id, landed_id in landed_in.items():
        if commit_id != landed_id or len(history.parents[landed_id]) < 2:
            brought_in.setdefault(landed_id, set()).add(commit_id)
    outside: dict[str, _OwnCommit] = {}  # heads share commits: each is read once
    for pull in pulls.values():
        _read_own_commits(pull, git, history, brought_in, outside)
    return _frames(repository_id, pulls.values(), history, _diff_requests(pulls, history, outside))


def _from_refs(refs: pl.DataFrame) -> dict[int, _PullRequest]:
    pulls = {}
    for ref, commit_id in zip(refs["ref"], refs["commit_id"], strict=True):
        if found := _HEAD.fullmatch(ref):
            number = int(found[1])
            pulls[number] = _PullRequest(number, ref=ref, head=commit_id)
    return pulls


def _subject_and_author(commit: CommitObject) -> _RebaseKey:
    subject = commit.message.lstrip(b"\n").partition(b"\n")[0]
    return commit.author.email, commit.author.seconds, _bare_subject(subject)


def _bare_subject(subject: bytes) -> bytes:
    return re.sub(rb"\s*\(#\d+\)\s*$", b"", subject)


def _tie_by_message(
    pulls: dict[int, _PullRequest],
    git: pygit2.Repository,
    chain: Iterable[str],
    *,
    refs_known: bool,
) -> _Told:
    """Tie pull requests to what landed; returns what the heads can be known by."""
    left = _Told()
    is_gitlab = any("merge-requests" in (pull.ref or "") for pull in pulls.values())
    for commit_id in chain:
        commit = read_commit(git, commit_id)
        left.keys[_subject_and_author(commit)] = commit_id
        message = decode_text(commit.message, commit.encoding)
        if refs_known and len(commit.parent_ids) < 2:
            for number in closed_numbers(message, is_gitlab=is_gitlab):
                _note_naming(left, number, commit_id, commit, "closing line")
        told = merged_number(message)
        if told is None:
            continue
        number, branch, how = told
        if how == "subject number" and is_gitlab and "!" not in _bare_number(message):
            _note_naming(left, number, commit_id, commit, how)
            continue
        if number not in pulls:
            if refs_known and how == "subject number":
                continue  # an issue's number: every pull request of this forge has a ref
            pulls[number] = _PullRequest(number)
        pull = pulls[number]
        if pull.landed is None or how == "merge message":
            pull.landed, pull.landed_by = commit_id, how
            pull.branch = branch or pull.branch
    return left


def _bare_number(message: str) -> str:
    found = _SQUASH_NUMBER.search(message.lstrip("\n").partition("\n")[0])
    return found[0] if found else ""


def _note_naming(left: _Told, number: int, commit_id: str, commit: CommitObject, how: str) -> None:
    author, committed = commit.author, commit.committer.seconds
    naming = _Naming(commit_id, author.email, author.seconds, committed, how)
    left.namings.setdefault(number, []).append(naming)


def _tie_by_author(pulls: Mapping[int, _PullRequest], git: pygit2.Repository, told: _Told) -> None:
    """Tie those that landed as a commit of the head's author."""
    open_heads = {
        pull.number: pull.head
        for pull in pulls.values()
        if pull.landed is None and pull.head and not pull.is_opened_from_landed
    }
    for number, head in open_heads.items():
        try:
            commit = read_commit(git, head)
        except UnreadableCommitError:
            continue
        key = _subject_and_author(commit)
        if key in told.keys:
            pulls[number].landed, pulls[number].landed_by = told.keys[key], "rebased head"
            continue
        found = _named_by_author(commit, told.namings.get(number, ()))
        if found is not None:
            pulls[number].landed, pulls[number].landed_by = found


def _named_by_author(head: CommitObject, namings: Iterable[_Naming]) -> tuple[str, str] | None:
    """The landed change by the head's author that names the pull request, and how it is known.

    An issue and a merge request of GitLab can have one number: `(#12)` is the merge request's,
    as after an import from GitHub, only where it landed soon after its head was committed.
    """
    by_author = [naming for naming in namings if naming.email == head.author.email]
    by_author.sort(
        key=lambda naming: naming.authored != head.author.seconds
    )  # the head itself first
    for naming in by_author:
        if naming.how == "closing line":
            return naming.commit_id, naming.how
        since = (naming.committed or 0) - (head.committer.seconds or 0)
        if 0 <= since <= _SOON:
            return naming.commit_id, naming.how
    return None


def _read_own_commits(
    pull: _PullRequest,
    git: pygit2.Repository,
    history: History,
    brought_in: Mapping[str, set[str]],
    outside: dict[str, _OwnCommit],
) -> None:
    """Fill in the commits that are the pull request's own, and their times."""
    if pull.head is None or pull.is_opened_from_landed:
        return
    if pull.head in history.parents:
        pull.own = _within(pull.head, brought_in.get(pull.landed or "", {pull.head}), history)
    else:
        pull.own = _outside(pull.head, git, history, outside)
    for commit_id in pull.own or ():
        commit = outside.get(commit_id) or _own_commit(git, commit_id)
        if commit.authored is not None:
            pull.authored.append(commit.authored)
        if commit.committed is not None:
            pull.committed.append(commit.committed)


def _within(head: str, brought_in: Container[str], history: History) -> list[str] | None:
    """What a landed change brought in, as far as `head` reaches; None beyond the limit."""
    found: dict[str, None] = {}
    stack = [head]
    while stack:
        commit_id = stack.pop()
        if commit_id in found or commit_id not in brought_in:
            continue
        if len(found) == OWN_COMMITS_LIMIT:
            return None
        found[commit_id] = None
        stack.extend(history.parents[commit_id])
    return list(found) or None  # landed by another change than the one that holds its head


def _own_commit(git: pygit2.Repository, commit_id: str) -> _OwnCommit:
    commit = read_commit(git, commit_id)
    return _OwnCommit(
        commit.tree_id,
        commit.parent_ids,
        in_range(commit.author.seconds),
        in_range(commit.committer.seconds),
    )


def _outside(
    head: str, git: pygit2.Repository, history: History, known: dict[str, _OwnCommit]
) -> list[str] | None:
    """Commits reachable from `head` and not from the default branch; None beyond the limit."""
    found: dict[str, None] = {}
    stack = [head]
    while stack:
        commit_id = stack.pop()
        if commit_id in found or commit_id in history.parents:
            continue
        if len(found) == OWN_COMMITS_LIMIT:
            return None
        if commit_id not in known:
            try:
                known[commit_id] = _own_commit(git, commit_id)
            except UnreadableCommitError:
                return None
        found[commit_id] = None
        stack.extend(known[commit_id].parent_ids)
    return list(found)


def _diff_requests(
    pulls: Mapping[int, _PullRequest], history: History, outside: Mapping[str, _OwnCommit]
) -> list[DiffRequest]:
    own_of: dict[str, dict[str, None]] = {}  # by landed change: it can stand for several
    wanted: dict[str, None] = {}
    for pull in pulls.values():
        own = (c for c in pull.own or () if c in outside and len(outside[c].parent_ids) == 1)
        known = wanted if pull.landed is None else own_of.setdefault(pull.landed, {})
        known.update(dict.fromkeys(own))
    for own_commits in own_of.values():
        if len(own_commits) > 1:
            wanted.update(own_commits)
    requests: dict[str, DiffRequest] = {}
    for commit_id in wanted:
        commit = outside[commit_id]
        parent_id = commit.parent_ids[0]
        tree = outside[parent_id].tree_id if parent_id in outside else history.trees.get(parent_id)
        if tree is not None:
            requests[commit_id] = DiffRequest(commit_id, parent_id, tree, commit.tree_id)
    return list(requests.values())


def _frames(
    repository_id: str,
    pulls: Iterable[_PullRequest],
    history: History,
    diff_requests: list[DiffRequest],
) -> PullRequestFrames:
    ordered = sorted(pulls, key=lambda p: p.number)
    columns = {
        "repository_id": [repository_id] * len(ordered),
        "number": [pull.number for pull in ordered],
        "ref": [pull.ref for pull in ordered],
        "head_commit_id": [pull.head for pull in ordered],
        "head_branch": [pull.branch for pull in ordered],
        "landed_commit_id": [pull.landed for pull in ordered],
        "landed_by": [pull.landed_by for pull in ordered],
        "own_commits": [None if pull.own is None else len(pull.own) for pull in ordered],
        "first_authored_at": timestamps([min(pull.authored, default=None) for pull in ordered]),
        "last_committed_at": timestamps([max(pull.committed, default=None) for pull in ordered]),
    }
    own = [(pull.number, commit_id) for pull in ordered for commit_id in pull.own or ()]
    commit_ids = [commit_id for _, commit_id in own]
    return PullRequestFrames(
        pl.DataFrame(columns, schema=PULL_REQUESTS),
        pl.DataFrame(
            {
                "repository_id": [repository_id] * len(own),
                "number": [number for number, _ in own],
                "commit_id": commit_ids,
            },
            schema=PULL_REQUEST_COMMITS,
        ),
        [c for c in dict.fromkeys(commit_ids) if c not in history.parents],
        diff_requests,
    )
