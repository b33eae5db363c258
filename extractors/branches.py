"""Commits that stand on a branch beside the default one: what a branch's name can tell about."""

import re

import polars as pl

from quarterdeck.extractors.commit_objects import UnreadableCommitError, read_commit
from quarterdeck.extractors.git_history import History
from quarterdeck.extractors.repository import OpenRepository
from quarterdeck.extractors.schemas import BRANCH_COMMITS

#: A branch with more commits of its own is another line of development (a release, a fork), and
#: its name says nothing about who wrote them.
OWN_COMMITS_LIMIT = 250

_BRANCH = re.compile(r"refs/(?:heads|remotes/[^/]+)/(?P<name>.+)")
#: Branches that hold records, pages or notes of a tool, and none of the project's changes.
_NO_WORK = re.compile(r"HEAD|gh-pages|entire/.*")


def read_branches(
    repository_id: str, repository: OpenRepository, refs: pl.DataFrame, history: History
) -> pl.DataFrame:
    """The commits of each local and remote branch that the default branch does not hold.

    Args:
        repository_id: written into each row.
        repository: opened by `open_repository`.
        refs: schema `REFS`.
        history: the default branch.

    Returns:
        schema `BRANCH_COMMITS`; a branch of that name here and at a remote counts as one.
    """
    parents: dict[str, tuple[str, ...] | None] = {}  # branches share commits: each is read once

    def parents_of(commit_id: str) -> tuple[str, ...] | None:
        if commit_id not in parents:
            try:
                parents[commit_id] = read_commit(repository.git, commit_id).parent_ids
            except UnreadableCommitError:
                parents[commit_id] = None
        return parents[commit_id]

    rows: dict[tuple[str, str, str], None] = {}
    for ref, tip in zip(refs["ref"], refs["commit_id"], strict=True):
        found = _BRANCH.fullmatch(ref)
        if found is None or tip in history.parents or _NO_WORK.fullmatch(found["name"]):
            continue
        own: dict[str, None] = {}
        stack = [tip]
        while stack and len(own) <= OWN_COMMITS_LIMIT:
            commit_id = stack.pop()
            if commit_id in own or commit_id in history.parents:
                continue
            above = parents_of(commit_id)
            if above is not None:
                own[commit_id] = None
                stack.extend(above)
        if len(own) <= OWN_COMMITS_LIMIT:
            rows |= dict.fromkeys((repository_id, found["name"], one) for one in own)
    return pl.DataFrame(sorted(rows), schema=BRANCH_COMMITS, orient="row")
