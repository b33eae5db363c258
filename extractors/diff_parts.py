"""Taking the diffs of many commits side by side, into parts of the lake."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from types import TracebackType

import polars as pl

from quarterdeck.extractors.diffs import DiffFailure, DiffRequest, FileChange, take_diffs
from quarterdeck.extractors.lake import Lake
from quarterdeck.extractors.repository import OpenRepository, object_lookup
from quarterdeck.extractors.schemas import COMMIT_DIFFS, FILE_CHANGES
from quarterdeck.extractors.shadow import Shadow

#: Called with the number of commits diffed so far and the number to diff.
Progress = Callable[[int, int], None]

# A part holds at most this many; it bounds the memory of a worker and what a kill can lose.
_PART_COMMITS = 2_000
_PART_FILES = 50_000

# Consecutive commits that one git process takes before the turn of the next: at most, and
# for how many turns of each there must be commits to begin with, so that they end together.
_SHARE_BLOCK = 100
_SHARE_TURNS = 16


class DiffTaker:
    """Takes diffs on git processes of its own while the body of the context goes on.

    Leaving the context waits for all of them; an exception in it stops them.
    """

    def __init__(
        self,
        repository: OpenRepository,
        repository_id: str,
        lake: Lake,
        jobs: int,
        progress: Progress = lambda done, total: None,
    ) -> None:
        """Take nothing yet.

        Args:
            repository: opened by `open_repository`.
            repository_id: the name under which the lake keeps it.
            lake: where the parts go.
            jobs: git processes at work side by side.
            progress: called after each part.
        """
        self._repository, self._repository_id, self._lake = repository, repository_id, lake
        self._jobs = max(1, jobs)
        self._counter = _Counter(progress)
        self._has_object = object_lookup(repository)
        self._stop = threading.Event()
        self._pool = ThreadPoolExecutor(self._jobs, thread_name_prefix="diff")
        self._shares: list[Future[dict[str, str]]] = []
        #: What could not be diffed, by commit id; complete once the context has been left.
        self.failures: dict[str, str] = {}

    def submit(self, requests: Sequence[DiffRequest]) -> None:
        """Take these diffs too, after those submitted before."""
        self._counter.expect(len(requests))
        for share in _shares(requests, self._jobs):
            self._shares.append(self._pool.submit(self._take, share))

    def _take(self, share: Sequence[DiffRequest]) -> dict[str, str]:
        writer = _PartWriter(self._repository_id, self._lake, self._counter)
        with Shadow(self._repository.objects) as shadow:
            for taken in take_diffs(shadow, share, self._has_object):
                if self._stop.is_set():
                    break
                if isinstance(taken, DiffFailure):
                    writer.failures[taken.request.commit_id] = taken.message
                else:
                    writer.add(*taken)
            writer.flush()
        return writer.failures

    def __enter__(self) -> "DiffTaker":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if error is None:
                for share in as_completed(self._shares):
                    self.failures |= share.result()
        finally:
            # after an interrupt or a full disk, no need to finish the other shares
            self._stop.set()
            self._pool.shutdown(cancel_futures=True)


def _shares(requests: Sequence[DiffRequest], jobs: int) -> list[list[DiffRequest]]:
    """Deal the requests out to at most `jobs` processes.

    Halves balance badly, for big commits cluster in time; single commits in turn cost each
    process what the other has read already. So they take turns by blocks.
    """
    jobs = min(jobs, len(requests) // 50 + 1)
    block = max(1, min(_SHARE_BLOCK, len(requests) // (jobs * _SHARE_TURNS)))
    starts = range(0, len(requests), block)
    shares = [
        [r for at in starts[job::jobs] for r in requests[at : at + block]] for job in range(jobs)
    ]
    return [share for share in shares if share]


class _Counter:
    """Commits done by all workers together."""

    def __init__(self, progress: Progress) -> None:
        self.total, self.done, self.progress = 0, 0, progress
        self.lock = threading.Lock()

    def expect(self, commits: int) -> None:
        with self.lock:
            self.total += commits

    def add(self, commits: int) -> None:
        with self.lock:
            self.done += commits
            self.progress(self.done, self.total)


class _PartWriter:
    """Collects diffs and writes a part when there are enough."""

    def __init__(self, repository_id: str, lake: Lake, counter: _Counter) -> None:
        self.repository_id, self.lake, self.counter = repository_id, lake, counter
        self.failures: dict[str, str] = {}
        self.requests: list[DiffRequest] = []
        self.files: list[int] = []  # of each request
        self.commit_ids: list[str] = []  # of each change
        self.changes: list[FileChange] = []

    def add(self, request: DiffRequest, changes: list[FileChange]) -> None:
        self.requests.append(request)
        self.files.append(len(changes))
        self.commit_ids += [request.commit_id] * len(changes)
        self.changes += changes
        if len(self.requests) >= _PART_COMMITS or len(self.changes) >= _PART_FILES:
            self.flush()

    def flush(self) -> None:
        """Write what was collected; the commits count as mined once `commit_diffs` is there."""
        if not self.requests:
            return
        schema = _without_part(FILE_CHANGES)
        repository = pl.lit(self.repository_id)
        diffs = pl.DataFrame(
            {
                "commit_id": [request.commit_id for request in self.requests],
                "parent_id": [request.parent_id for request in self.requests],
                "files": self.files,
            },
            schema_overrides=COMMIT_DIFFS,
        ).with_columns(repository_id=repository)
        columns = (
            zip(*self.changes, strict=True) if self.changes else [()] * len(FileChange._fields)
        )
        changes = pl.DataFrame(
            dict(zip(FileChange._fields, map(list, columns), strict=True)),
            schema={name: schema[name] for name in FileChange._fields},
        ).with_columns(
            pl.Series("commit_id", self.commit_ids, dtype=pl.String()), repository_id=repository
        )
        sums = changes.group_by("commit_id").agg(
            pl.col("added", "deleted").sum(),
            missing_files=pl.col("is_binary").is_null().sum(),
        )
        diffs = diffs.join(sums, on="commit_id", how="left", maintain_order="left")
        diffs = diffs.with_columns(pl.col("added", "deleted", "missing_files").fill_null(0))
        self.lake.append_diffs(
            changes.select(schema.names()),
            diffs.select(_without_part(COMMIT_DIFFS).names()),
            self.repository_id,
        )
        self.counter.add(len(self.requests))
        self.requests, self.files, self.commit_ids, self.changes = [], [], [], []


def _without_part(schema: pl.Schema) -> pl.Schema:
    return pl.Schema({name: kind for name, kind in schema.items() if name != "part"})
