"""The life of every landed line: which landed change it was born of, and which one ended it.

One forward pass over the landed changes, oldest first, keeps the birth of each line of each
file (see `line_lifetimes_state`) and applies each change's diff against its first parent, as
git takes it (see `line_lifetimes_patches`). The whole survival record of a repository, at
every moment, comes from that one pass. What follows from a landed change depends on its
first-parent history alone, so rows keyed by the change that ended the lines never change.

The strict view (`birth_*`, every row of LINE_DEATHS an end) is that of `git blame`. The view
with moves (`origin_*`, rows with fate `moved` or `respaced` left out) is akin to that of
`git blame -w -M -C`. See docs/line-lifetimes.md.
"""

import queue
import threading
from array import array
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing
from itertools import repeat

import numpy as np
import polars as pl
import pygit2

from quarterdeck.extractors.diffs import EMPTY_TREE, DiffFailure, DiffRequest
from quarterdeck.extractors.git_history import History
from quarterdeck.extractors.line_lifetimes_moves import MOVED, RESPACED
from quarterdeck.extractors.line_lifetimes_patches import ChangePatch, take_patches
from quarterdeck.extractors.line_lifetimes_schemas import (
    LINE_CHANGES,
    LINE_DEATHS,
    LINE_RUNS,
    LinePart,
    without_part,
)
from quarterdeck.extractors.line_lifetimes_state import (
    BINARY,
    DELETED,
    LOST,
    UNKNOWN,
    LineState,
    Pending,
    Tally,
)
from quarterdeck.extractors.repository import OpenRepository, object_lookup
from quarterdeck.extractors.shadow import Shadow

#: Called with the number of landed changes followed so far and the number to follow.
Progress = Callable[[int, int], None]

_PART_CHANGES = 2_000
_PART_ROWS = 200_000
_CHECKPOINT_CHANGES = 10_000
# Patches parsed ahead of the pass by each worker.
_AHEAD = 32


def follow_lines(
    repository: OpenRepository,
    repository_id: str,
    history: History,
    *,
    checkpoint: pl.DataFrame | None = None,
    until: str | None = None,
    jobs: int = 2,
    moves: bool = True,
    problems: dict[str, str] | None = None,
    progress: Progress = lambda done, total: None,
) -> Iterator[LinePart]:
    """Follow the lines through the landed changes, from a checkpoint or from the beginning.

    Args:
        repository: opened by `open_repository`.
        repository_id: the name under which the lake keeps it.
        history: its history, of `read_history`.
        checkpoint: the runs after a landed change (schema LINE_RUNS), as found by
            `newest_checkpoint`; None or an empty frame starts at the first landed change.
        until: the last landed change to follow; None for the tip.
        jobs: git processes that take patches side by side.
        moves: also look for moved and re-spaced lines; without it every `origin` is the `birth`.
        problems: filled with the landed changes that could not be diffed, and why. Their lines
            are counted with the next change, as births that are not known.
        progress: called after each part.

    Yields:
        consecutive parts. The last one has runs, the checkpoint for the next pass; so has one
        about every 10,000 changes. Nothing where the checkpoint is at the end already.

    Raises:
        GitCommandError: the git executable is missing or its output was not understood.
        ValueError: the checkpoint or `until` is not on the chain of landed changes.
    """
    follower = _Follower(repository, repository_id, history, {} if problems is None else problems)
    start = follower.resume(checkpoint) if checkpoint is not None and checkpoint.height else 0
    chain = history.chain if until is None else history.chain[: history.chain.index(until) + 1]
    requests = _requests(history, chain, start)
    since_checkpoint = 0
    with closing(_patches(repository, requests, jobs, moves)) as patches:
        for done, (request, patch) in enumerate(zip(requests, patches, strict=True), 1):
            follower.follow(request, patch)
            last = done == len(requests)
            if last or follower.is_full:
                since_checkpoint += follower.changes
                due = last or since_checkpoint >= _CHECKPOINT_CHANGES
                since_checkpoint = 0 if due else since_checkpoint
                yield follower.part(request.commit_id if due else None)
                progress(done, len(requests))


def newest_checkpoint(history: History, checkpoints: Iterable[tuple[str, str]]) -> str | None:
    """Which checkpoint to go on from; None where the pass must start at the beginning.

    A checkpoint counts if its landed change is still on the chain (it is not after a force
    push), and if it knew at least as much of the past as is known now (it did not if it was
    taken in a shallow clone that has been deepened since).

    Args:
        history: the history at hand.
        checkpoints: `commit_id` and `first_commit_id` of each checkpoint.
    """
    position = {commit_id: at for at, commit_id in enumerate(history.chain)}
    usable = [
        (position[commit_id], commit_id)
        for commit_id, first_commit_id in checkpoints
        if commit_id in position and position.get(first_commit_id, 0) == 0
    ]
    return max(usable)[1] if usable else None


def line_lives(deaths: pl.DataFrame, runs: pl.DataFrame) -> pl.DataFrame:
    """All lives of lines up to a landed change.

    Args:
        deaths: rows of LINE_DEATHS up to that change.
        runs: LINE_RUNS at that change.

    Returns:
        the columns of LINE_DEATHS without `part`. One row per birth, origin, death change and
        fate; `death_commit_id` is NULL and `fate` is `alive` where the lines are still there.
    """
    schema = without_part(LINE_DEATHS)
    born = [name for name in schema if name not in ("death_commit_id", "fate", "lines")]
    alive = (
        runs.filter(pl.col("lines") > 0)
        .group_by(born, maintain_order=True)
        .agg(pl.col("lines").sum())
        .with_columns(death_commit_id=pl.lit(None, pl.String()), fate=pl.lit("alive"))
    )
    return pl.concat([deaths.select(schema.names()), alive.select(schema.names())])


class _Follower:
    """The state of a pass, and the rows since the last part."""

    def __init__(
        self,
        repository: OpenRepository,
        repository_id: str,
        history: History,
        problems: dict[str, str],
    ) -> None:
        self._repository, self._repository_id, self._history = repository, repository_id, history
        self._problems = problems
        self._first = history.chain[0] if history.chain else ""
        self._state = LineState(_count_lines(repository))
        #: Death change, fate, number of birth, lines.
        self._deaths: list[tuple[str, str, int, int]] = []
        self._changes: list[tuple[str, int, int, int, int, int, int, int, int]] = []
        self._missing = 0  # changed files so far of which a blob is missing
        # The tree that the state stands for, where it is not the old tree of the next change.
        self._behind: str | None = None

    @property
    def changes(self) -> int:
        """Landed changes since the last part."""
        return len(self._changes)

    @property
    def is_full(self) -> bool:
        """Whether a part is due."""
        return len(self._changes) >= _PART_CHANGES or len(self._deaths) >= _PART_ROWS

    def resume(self, runs: pl.DataFrame) -> int:
        """Take over a checkpoint; returns the position of the first change to follow."""
        births, files = self._state.births, self._state.files
        known: dict[tuple[str | None, ...], int] = {(None, None): UNKNOWN}
        columns = ("birth_commit_id", "birth_path", "origin_commit_id", "origin_path")
        for path, lines, *names in runs.select("path", "lines", *columns).iter_rows():
            if path is None:  # the tree has no files
                continue
            birth, origin = tuple(names[:2]), tuple(names[2:])
            for name in (birth, origin):
                if name not in known:
                    known[name] = births.new(*name)
            number = births.carried(known[birth], known[origin])
            if lines is None:
                files[path] = Pending(number)
                continue
            found = files.setdefault(path, array("i"))
            if not isinstance(found, Pending):
                found.extend(repeat(number, lines))
                self._state.alive += lines
        self._first = str(runs["first_commit_id"][0])
        self._missing = int(runs["missing_files"][0])
        return self._history.chain.index(runs["commit_id"][0]) + 1

    def follow(self, request: DiffRequest, patch: ChangePatch | DiffFailure) -> None:
        """Apply one change."""
        known = request.parent_id is not None or not self._is_cut_off(request.commit_id)
        if self._behind is not None:
            known = False
            patch = _bridge(self._repository, request._replace(old_tree=self._behind))
        if isinstance(patch, DiffFailure):
            self._problems[request.commit_id] = patch.message
            self._behind = self._behind or request.old_tree
            self._record(request.commit_id, Tally())
            return
        self._behind = None
        commit_id = request.commit_id
        self._missing += sum(file.lacks_blob for file in patch.files)
        self._record(commit_id, self._state.apply(patch, commit_id if known else None))

    def _is_cut_off(self, commit_id: str) -> bool:
        """Whether the first landed change had parents that are not there."""
        return commit_id in self._repository.shallow or bool(self._history.parents[commit_id])

    def _record(self, commit_id: str, tally: Tally) -> None:
        self._deaths += [
            (commit_id, fate, birth, lines)
            for fate, counts in tally.deaths.items()
            for birth, lines in counts.items()
        ]
        moved, respaced = tally.ended(MOVED), tally.ended(RESPACED)
        deleted = tally.ended(DELETED) + moved + respaced
        ends = (moved, respaced, tally.ended(BINARY), tally.ended(LOST))
        self._changes.append(
            (commit_id, tally.added, deleted, *ends, self._state.alive, self._missing)
        )

    def part(self, checkpoint: str | None) -> LinePart:
        """The rows since the last part, and the runs if a checkpoint is named."""
        births = self._state.births
        deaths, changes = self._deaths, self._changes
        self._deaths, self._changes = [], []
        rows = [
            (
                self._repository_id,
                commit_id,
                births.commits[birth],
                births.paths[birth],
                births.commits[births.origins[birth]],
                births.paths[births.origins[birth]],
                fate,
                lines,
            )
            for commit_id, fate, birth, lines in deaths
        ]
        return LinePart(
            pl.DataFrame(rows, schema=without_part(LINE_DEATHS), orient="row"),
            pl.DataFrame(
                [(self._repository_id, row[0], self._first, *row[1:]) for row in changes],
                schema=without_part(LINE_CHANGES),
                orient="row",
            ),
            self._runs(checkpoint) if checkpoint is not None and self._behind is None else None,
        )

    def _runs(self, commit_id: str) -> pl.DataFrame:
        births = self._state.births
        rows: list[tuple[str | None, int | None, int | None, int]] = []
        for path, lines in sorted(self._state.files.items()):
            if isinstance(lines, Pending):
                rows.append((path, 1, None, lines.birth))
            elif not lines:  # it has a row too: the state is taken up from these rows
                rows.append((path, 1, 0, UNKNOWN))
            else:
                births_of = np.frombuffer(lines, np.intc)
                starts = np.flatnonzero(np.diff(births_of, prepend=-1))
                counts = np.diff(starts, append=len(lines))
                found = zip(starts + 1, counts, births_of[starts], strict=True)
                rows += [(path, int(at), int(n), int(birth)) for at, n, birth in found]
        rows = rows or [(None, None, None, UNKNOWN)]
        origins = [births.origins[row[3]] for row in rows]
        return pl.DataFrame(
            {
                "repository_id": [self._repository_id] * len(rows),
                "commit_id": [commit_id] * len(rows),
                "first_commit_id": [self._first] * len(rows),
                "missing_files": [self._missing] * len(rows),
                "path": [row[0] for row in rows],
                "first_line": [row[1] for row in rows],
                "lines": [row[2] for row in rows],
                "birth_commit_id": [births.commits[row[3]] for row in rows],
                "birth_path": [births.paths[row[3]] for row in rows],
                "origin_commit_id": [births.commits[origin] for origin in origins],
                "origin_path": [births.paths[origin] for origin in origins],
            },
            schema=LINE_RUNS,
        )


def _requests(history: History, chain: Sequence[str], start: int) -> list[DiffRequest]:
    """What to diff: each landed change from `start` on against the one before it."""
    requests = []
    for position in range(start, len(chain)):
        before = chain[position - 1] if position else None
        old = history.trees[before] if before is not None else EMPTY_TREE
        requests.append(DiffRequest(chain[position], before, old, history.trees[chain[position]]))
    return requests


def _bridge(repository: OpenRepository, request: DiffRequest) -> ChangePatch | DiffFailure:
    with Shadow(repository.objects) as shadow:
        return next(take_patches(shadow, [request], object_lookup(repository), moves=False))


def _patches(
    repository: OpenRepository, requests: Sequence[DiffRequest], jobs: int, moves: bool
) -> Generator[ChangePatch | DiffFailure, None, None]:
    """The patches in order, taken by `jobs` git processes that work on alternate changes."""
    jobs = max(1, min(jobs, len(requests) // 50 + 1))
    queues: list[queue.Queue[ChangePatch | DiffFailure | BaseException]]
    queues = [queue.Queue(_AHEAD) for _ in range(jobs)]
    stop = threading.Event()
    has_object = object_lookup(repository)

    def put(number: int, item: ChangePatch | DiffFailure | BaseException) -> None:
        while not stop.is_set():
            try:
                queues[number].put(item, timeout=0.1)
            except queue.Full:
                continue
            return

    def work(number: int) -> None:
        try:
            with Shadow(repository.objects) as shadow:
                share = requests[number::jobs]
                for patch in take_patches(shadow, share, has_object, moves=moves):
                    put(number, patch)
                    if stop.is_set():
                        return
        except BaseException as error:  # noqa: BLE001 - raised again in the thread that waits
            put(number, error)

    threads = [threading.Thread(target=work, args=(at,), name="patch") for at in range(jobs)]
    for thread in threads:
        thread.start()
    try:
        for position in range(len(requests)):
            item = queues[position % jobs].get()
            if isinstance(item, BaseException):
                raise item
            yield item
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def _count_lines(repository: OpenRepository) -> Callable[[str], int | None]:
    def count_lines(blob_id: str) -> int | None:
        try:
            blob = repository.git[blob_id]
        except (KeyError, ValueError, pygit2.GitError):
            return None
        if not isinstance(blob, pygit2.Blob):
            return None
        content = blob.data
        return content.count(b"\n") + (not content.endswith(b"\n") and bool(content))

    return count_lines
