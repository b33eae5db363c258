"""Mining one repository into the lake: what is new by ancestry, and nothing twice."""

import hashlib
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

import polars as pl

from quarterdeck.extractors import git_history
from quarterdeck.extractors.branches import read_branches
from quarterdeck.extractors.diffs import DiffFailure, DiffRequest, FileChange, take_diffs
from quarterdeck.extractors.errors import LakeError
from quarterdeck.extractors.git_history import History
from quarterdeck.extractors.lake import Lake
from quarterdeck.extractors.pull_requests import read_pull_requests
from quarterdeck.extractors.record_refs import blob_refs_digest
from quarterdeck.extractors.records import mine_records
from quarterdeck.extractors.repository import OpenRepository, object_lookup, remote_url
from quarterdeck.extractors.schemas import COMMIT_DIFFS, FILE_CHANGES, PROBLEMS, REPOSITORIES
from quarterdeck.extractors.shadow import Shadow

#: Called with the number of commits diffed so far and the number to diff.
Progress = Callable[[int, int], None]

# A part holds at most this many; it bounds the memory of a worker and what a kill can lose.
_PART_COMMITS = 2_000
_PART_FILES = 50_000

# Consecutive commits that one git process takes before the turn of the next.
_SHARE_BLOCK = 25

# Part of the fingerprint of a snapshot: raise it when what a snapshot holds is computed anew.
_SNAPSHOT_RULES = 1


@dataclass(frozen=True)
class MiningResult:
    """What mining one repository did."""

    repository_id: str
    new_commits: int
    new_diffs: int
    landed_changes: int
    is_shallow: bool
    problems: int  # commits that could not be read or diffed

    @property
    def nothing_new(self) -> bool:
        """Whether the lake already held everything."""
        return not self.new_commits and not self.new_diffs


def mine_repository(
    repository: OpenRepository,
    repository_id: str,
    lake: Lake,
    jobs: int = 2,
    progress: Progress = lambda done, total: None,
) -> MiningResult:
    """Bring the lake up to date with a repository.

    Commits and diffs that the lake holds are never taken again. A snapshot is written when a
    ref has moved. A killed run loses at most the parts in hand.

    Args:
        repository: opened by `open_repository`.
        repository_id: the name under which the lake keeps it.
        lake: where the parts go.
        jobs: git processes that take diffs side by side.
        progress: called after each part.

    Raises:
        LakeError: another repository with the same name and no common root is in the lake.
        LakeWriteError: a part could not be written.
        GitCommandError: the git executable is missing or its output was not understood.
    """
    with lake.lock(repository_id):
        refs = git_history.refs(repository_id, repository)
        before = lake.read("repositories", repository_id)
        retaken = _with_arrived_blobs(repository, repository_id, lake)
        marks = blob_refs_digest(repository)
        fingerprint = _fingerprint(repository, refs, marks + lake.contents(repository_id))
        problems = lake.read("problems", repository_id)
        is_same = (
            lake.has_snapshot(repository_id)
            and before["fingerprint"][0] == fingerprint
            and not retaken
        )
        if is_same and not problems.height:
            return _unchanged(repository, repository_id, lake)
        history = git_history.read_history(repository)
        _refuse_other_repository(before, history, repository, repository_id)
        done = lake.known_commits("commit_diffs", repository_id) - retaken
        requests = git_history.diff_requests(
            repository, history, [c for c in history.parents if c not in done]
        )
        with _taking_diffs(repository, repository_id, lake, requests, jobs, progress) as failures:
            # git is at work in processes of its own meanwhile
            landings = git_history.landings(repository_id, history)
            pulls = read_pull_requests(repository_id, repository.git, refs, landings, history)
            branches = read_branches(repository_id, repository, refs, history)
            others = [*pulls.unlanded_commits, *branches["commit_id"].unique(maintain_order=True)]
            new_commits = _mine_commits(repository, repository_id, lake, history, others)
            records = mine_records(repository, repository_id, lake, history, others)
        new_diffs = len(requests) - len(failures)
        problems_now = _problems(repository_id, history.unreadable | failures)
        if is_same and problems_now.equals(problems) and not new_diffs:
            return _unchanged(repository, repository_id, lake)
        fingerprint = _fingerprint(repository, refs, marks + lake.contents(repository_id))
        lake.write_snapshot(
            {
                "landings": landings,
                "refs": refs,
                "pull_requests": pulls.pull_requests,
                "pull_request_commits": pulls.commits,
                "branch_commits": branches,
                "records": records,
                "tip_files": git_history.tip_files(repository_id, repository),
                "problems": problems_now,
                "repositories": _repository_row(repository, repository_id, history, fingerprint),
            },
            repository_id,
        )
    return MiningResult(
        repository_id,
        new_commits,
        new_diffs,
        len(history.chain),
        bool(repository.shallow),
        problems_now.height,
    )


def _with_arrived_blobs(repository: OpenRepository, repository_id: str, lake: Lake) -> set[str]:
    """Commits mined while a blob was missing of a file whose blobs are there now."""
    diffs = lake.read("commit_diffs", repository_id, ["commit_id", "missing_files", "part"])
    best = diffs.sort("missing_files", "part").unique("commit_id", keep="first")
    partial = best.filter(pl.col("missing_files") > 0)
    if not partial.height:
        return set()
    columns = ["commit_id", "old_blob_id", "new_blob_id", "is_binary", "part"]
    files = lake.read("file_changes", repository_id, columns).filter(pl.col("is_binary").is_null())
    files = files.join(partial, on=["commit_id", "part"], how="semi")
    has_object = object_lookup(repository)
    blobs = {*files["old_blob_id"], *files["new_blob_id"]} - {None}
    absent = [blob for blob in blobs if not has_object(blob)]
    is_absent = pl.col("old_blob_id").is_in(absent) | pl.col("new_blob_id").is_in(absent)
    return set(files.filter(~is_absent.fill_null(False))["commit_id"])


def _fingerprint(repository: OpenRepository, refs: pl.DataFrame, contents: str) -> str:
    """Changes with what a snapshot holds, and with the parts that it was written beside.

    So: refs, default branch, shallow boundary, our own rules, and the lake's parts.
    """
    digest = hashlib.sha256(f"{_SNAPSHOT_RULES} {repository.default_branch} {contents}".encode())
    for line in (str(repository.tip), *sorted(repository.shallow)):
        digest.update(line.encode())
    for ref, commit_id in zip(refs["ref"], refs["commit_id"], strict=True):
        digest.update(f"{ref} {commit_id}\n".encode())
    return digest.hexdigest()


def _unchanged(repository: OpenRepository, repository_id: str, lake: Lake) -> MiningResult:
    landings = lake.read("landings", repository_id, ["position"])
    last = landings["position"].max()
    return MiningResult(
        repository_id,
        new_commits=0,
        new_diffs=0,
        landed_changes=int(str(last)) + 1 if last is not None else 0,
        is_shallow=bool(repository.shallow),
        problems=lake.read("problems", repository_id).height,
    )


def _refuse_other_repository(
    before: pl.DataFrame, history: History, repository: OpenRepository, repository_id: str
) -> None:
    """A name stands for one history: two that share no commit may not share a name.

    Unless they have the place or the origin in common: then the history was rewritten whole.
    """
    if not before.height or before["root_commit_id"][0] in history.parents or repository.shallow:
        return
    if before["is_shallow"][0] or before["tip_commit_id"][0] in history.parents:
        return
    url = remote_url(repository)
    if before["path"][0] == str(repository.path) or (url and before["remote_url"][0] == url):
        return
    raise LakeError(
        f"{repository.path}: the lake already holds another repository as '{repository_id}' "
        f"(from {before['path'][0]}), and the two share no history; give this one a name of "
        "its own in quarterdeck.toml, or remove the old one's folders from the lake"
    )


def _mine_commits(
    repository: OpenRepository,
    repository_id: str,
    lake: Lake,
    history: History,
    others: Sequence[str],
) -> int:
    known = lake.known_commits("commits", repository_id)
    new = [c for c in dict.fromkeys((*history.parents, *others)) if c not in known]
    for frame in git_history.commits(repository_id, repository.git, new):
        lake.append_commits(frame, repository_id)
    return len(new)


@contextmanager
def _taking_diffs(
    repository: OpenRepository,
    repository_id: str,
    lake: Lake,
    requests: Sequence[DiffRequest],
    jobs: int,
    progress: Progress,
) -> Iterator[dict[str, str]]:
    """Take the diffs on `jobs` git processes while the body runs.

    Yields:
        the failures by commit id, complete once the body has been left.
    """
    counter = _Counter(len(requests), progress)
    jobs = max(1, min(jobs, len(requests) // 50 + 1)) if requests else 0
    stop = threading.Event()
    has_object = object_lookup(repository)

    def work(share: Sequence[DiffRequest]) -> dict[str, str]:
        writer = _PartWriter(repository_id, lake, counter)
        with Shadow(repository.objects) as shadow:
            for taken in take_diffs(shadow, share, has_object):
                if stop.is_set():
                    break
                if isinstance(taken, DiffFailure):
                    writer.failures[taken.request.commit_id] = taken.message
                else:
                    writer.add(*taken)
            writer.flush()
        return writer.failures

    failures: dict[str, str] = {}
    # Halves balance badly, for big commits cluster in time; alternate commits cost 8% more work,
    # for each process reads anew what the commit between had read.
    blocks = range(0, len(requests), _SHARE_BLOCK)
    shares = [
        [
            request
            for start in blocks[job::jobs]
            for request in requests[start : start + _SHARE_BLOCK]
        ]
        for job in range(jobs)
    ]
    with ThreadPoolExecutor(max(jobs, 1), thread_name_prefix="diff") as pool:
        futures = [pool.submit(work, share) for share in shares]
        try:
            yield failures
            for future in as_completed(futures):
                failures |= future.result()
        finally:
            stop.set()  # after an interrupt or a full disk, no need to finish the other shares


class _Counter:
    """Commits done by all workers together."""

    def __init__(self, total: int, progress: Progress) -> None:
        self.total, self.done, self.progress = total, 0, progress
        self.lock = threading.Lock()

    def add(self, commits: int) -> None:
        with self.lock:
            self.done += commits
            self.progress(self.done, self.total)


class _PartWriter:
    """Collects diffs and writes a part when there are enough."""

    def __init__(self, repository_id: str, lake: Lake, counter: _Counter) -> None:
        self.repository_id, self.lake, self.counter = repository_id, lake, counter
        self.failures: dict[str, str] = {}
        self.diffs: list[tuple[object, ...]] = []
        self.commit_ids: list[str] = []
        self.changes: list[FileChange] = []

    def add(self, request: DiffRequest, changes: list[FileChange]) -> None:
        missing = sum(change.is_binary is None for change in changes)
        self.diffs.append(
            (
                self.repository_id,
                request.commit_id,
                request.parent_id,
                len(changes),
                sum(change.added or 0 for change in changes),
                sum(change.deleted or 0 for change in changes),
                missing,
            )
        )
        self.changes += changes
        self.commit_ids += [request.commit_id] * len(changes)
        if len(self.diffs) >= _PART_COMMITS or len(self.changes) >= _PART_FILES:
            self.flush()

    def flush(self) -> None:
        """Write what was collected; the commits count as mined once `commit_diffs` is there."""
        if not self.diffs:
            return
        diffs = pl.DataFrame(self.diffs, schema=_without_part(COMMIT_DIFFS), orient="row")
        changes = pl.DataFrame(
            [
                (self.repository_id, c, *f)
                for c, f in zip(self.commit_ids, self.changes, strict=True)
            ],
            schema=_without_part(FILE_CHANGES),
            orient="row",
        )
        self.lake.append_diffs(changes, diffs, self.repository_id)
        self.counter.add(len(self.diffs))
        self.diffs, self.changes, self.commit_ids = [], [], []


def _without_part(schema: pl.Schema) -> pl.Schema:
    return pl.Schema({name: kind for name, kind in schema.items() if name != "part"})


def _problems(repository_id: str, failures: dict[str, str]) -> pl.DataFrame:
    rows = [(repository_id, commit_id, problem) for commit_id, problem in sorted(failures.items())]
    return pl.DataFrame(rows, schema=PROBLEMS, orient="row")


def _repository_row(
    repository: OpenRepository, repository_id: str, history: History, fingerprint: str
) -> pl.DataFrame:
    row = (
        repository_id,
        str(repository.path),
        remote_url(repository),
        repository.default_branch,
        str(repository.tip),
        history.chain[0] if history.chain else None,
        bool(repository.shallow),
        repository.is_bare,
        datetime.now(UTC),
        fingerprint,
    )
    return pl.DataFrame([row], schema=REPOSITORIES, orient="row")
