"""The life of lines, brought up to date in the lake: on from the newest checkpoint that holds.

The pass itself is `line_lifetimes`. Parts are appended as they come, deaths before changes, and a
checkpoint after the changes that led to it; so a killed run goes on from the checkpoint before.
"""

from collections import defaultdict

from quarterdeck.extractors.git_history import History
from quarterdeck.extractors.lake import Lake
from quarterdeck.extractors.line_lifetimes import Progress, follow_lines, newest_checkpoint
from quarterdeck.extractors.repository import OpenRepository


def lines_are_due(repository: OpenRepository, repository_id: str, lake: Lake) -> bool:
    """Whether there are landed changes whose lines were not followed; looks at names alone."""
    return not lake.has_line_runs(repository_id, str(repository.tip))


def forget_incomplete_lines(repository_id: str, lake: Lake) -> None:
    """Remove the checkpoints behind a missing blob, for blobs have come.

    Call it before their diffs are taken again: then a run that is killed on the way does not
    leave a checkpoint that nothing tells from a good one.
    """
    for commit_id, _, missing_files in lake.line_checkpoints(repository_id):
        if missing_files:
            lake.remove_line_runs(repository_id, commit_id)


def mine_lines(
    repository: OpenRepository,
    repository_id: str,
    lake: Lake,
    history: History,
    jobs: int = 2,
    progress: Progress = lambda done, total: None,
) -> int:
    """Follow the lines of the landed changes that were not followed yet, up to the tip.

    Args:
        repository: opened by `open_repository`.
        repository_id: the name under which the lake keeps it.
        lake: where the parts go; the repository's lock is held.
        history: its history, of `read_history`.
        jobs: git processes that take patches side by side.
        progress: called after each part with the landed changes followed and to follow.

    Returns:
        the landed changes that the lake did not hold before (count).

    Raises:
        LakeError: a part cannot be read.
        LakeWriteError: a part could not be written.
        GitCommandError: the git executable is missing or its output was not understood.
    """
    known = _known_changes(repository_id, lake)
    position = {commit_id: at for at, commit_id in enumerate(history.chain)}
    usable = [
        (commit_id, first)
        for commit_id, first, _ in lake.line_checkpoints(repository_id)
        # all that led to it is there: a part may have been removed since
        if commit_id in position
        and known[first].issuperset(history.chain[: position[commit_id] + 1])
    ]
    newest = newest_checkpoint(history, usable)
    if not history.chain or newest == history.chain[-1]:
        return 0
    checkpoint = lake.read_line_runs(repository_id, newest) if newest is not None else None
    followed = 0
    parts = follow_lines(
        repository, repository_id, history, checkpoint=checkpoint, jobs=jobs, progress=progress
    )
    for part in parts:
        first = part.changes["first_commit_id"][0]
        followed += len(set(part.changes["commit_id"]) - known[first])
        lake.append_lines(part.deaths, part.changes, repository_id)
        if part.runs is not None:
            lake.write_line_runs(part.runs, repository_id)
    return followed


def _known_changes(repository_id: str, lake: Lake) -> dict[str, set[str]]:
    """The landed changes that the lake holds, by the commit at which their history began."""
    known: dict[str, set[str]] = defaultdict(set)
    columns = ["first_commit_id", "commit_id"]
    for first, commit_id in lake.read("line_changes", repository_id, columns).iter_rows():
        known[first].add(commit_id)
    return known
