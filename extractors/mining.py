"""Mining one repository into the lake: what is new by ancestry, and nothing twice."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import polars as pl

from quarterdeck.extractors import git_history
from quarterdeck.extractors.branches import read_branches
from quarterdeck.extractors.content_facts import mine_contents
from quarterdeck.extractors.diff_parts import DiffTaker, Progress
from quarterdeck.extractors.diffs import DAMAGED_BLOB
from quarterdeck.extractors.errors import LakeError
from quarterdeck.extractors.git_history import History
from quarterdeck.extractors.lake import Lake
from quarterdeck.extractors.line_mining import (
    forget_incomplete_lines,
    lines_are_due,
    mine_lines,
)
from quarterdeck.extractors.pull_requests import read_pull_requests
from quarterdeck.extractors.record_refs import blob_refs_digest
from quarterdeck.extractors.records import mine_records
from quarterdeck.extractors.repository import (
    OpenRepository,
    is_readable,
    object_lookup,
    remote_url,
)
from quarterdeck.extractors.schemas import PROBLEMS, REPOSITORIES

# Part of the fingerprint of a snapshot: raise it when what a snapshot holds is computed anew.
_SNAPSHOT_RULES = 3


@dataclass(frozen=True)
class MiningResult:
    """What mining one repository did."""

    repository_id: str
    new_commits: int
    new_diffs: int
    landed_changes: int
    is_shallow: bool
    problems: int  # commits that could not be read or diffed
    new_lines: int = 0  # landed changes whose lines were followed for the first time

    @property
    def nothing_new(self) -> bool:
        """Whether the lake already held everything."""
        return not self.new_commits and not self.new_diffs and not self.new_lines


def mine_repository(
    repository: OpenRepository,
    repository_id: str,
    lake: Lake,
    jobs: int = 2,
    progress: Progress = lambda done, total: None,
    *,
    split_squashes: bool = True,
    lines: bool = True,
    lines_progress: Progress = lambda done, total: None,
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
        split_squashes: also take the diffs of the commits that a squashed pull request was made
            of, so that its lines can be split over them by size.
        lines: whether to follow the life of lines too.
        lines_progress: as `progress`, with landed changes followed.

    Raises:
        LakeError: another repository with the same name and no common root is in the lake.
        LakeWriteError: a part could not be written.
        GitCommandError: the git executable is missing or its output was not understood.
    """
    with lake.lock(repository_id):
        refs = git_history.refs(repository_id, repository)
        before = lake.read("repositories", repository_id)
        marks = blob_refs_digest(repository)
        problems = lake.read("problems", repository_id)
        retaken = _with_arrived_blobs(repository, repository_id, lake, problems)
        fingerprint = _fingerprint(repository, refs, marks + lake.contents(repository_id))
        is_same = (
            lake.has_snapshot(repository_id)
            and before["fingerprint"][0] == fingerprint
            and not retaken
        )
        lines_due = lines and lines_are_due(repository, repository_id, lake)
        if is_same and not problems.height and not lines_due:
            return _unchanged(repository, repository_id, lake)
        history = git_history.read_history(repository)
        _refuse_other_repository(before, history, repository, repository_id)
        done = lake.known_commits("commit_diffs", repository_id) - retaken
        requests = git_history.diff_requests(
            repository, history, [c for c in history.parents if c not in done]
        )
        if retaken:
            forget_incomplete_lines(repository_id, lake)
        with DiffTaker(repository, repository_id, lake, jobs, progress) as taker:
            taker.submit(requests)  # git is at work in processes of its own meanwhile
            landings = git_history.landings(repository_id, history)
            pulls = read_pull_requests(repository_id, repository.git, refs, landings, history)
            split = [r for r in pulls.diff_requests if split_squashes and r.commit_id not in done]
            taker.submit(split)
            branches = read_branches(repository_id, repository, refs, history)
            others = [*pulls.unlanded_commits, *branches["commit_id"].unique(maintain_order=True)]
            new_commits = _mine_commits(repository, repository_id, lake, history, others)
            records = mine_records(repository, repository_id, lake, history, others)
        new_lines = (
            mine_lines(repository, repository_id, lake, history, jobs, lines_progress)
            if lines
            else 0
        )
        new_diffs = len(requests) + len(split) - len(taker.failures)
        wanted = history.parents.keys() | {request.commit_id for request in pulls.diff_requests}
        known = {
            commit_id: problem  # of a diff that was taken but for a damaged blob
            for commit_id, problem in problems.select("commit_id", "problem").iter_rows()
            if commit_id in done and commit_id in wanted and DAMAGED_BLOB.search(problem)
        }
        problems_now = _problems(repository_id, known | history.unreadable | taker.failures)
        if is_same and problems_now.equals(problems) and not new_diffs and not new_lines:
            return _unchanged(repository, repository_id, lake)
        tip_files = git_history.tip_files(repository_id, repository)
        mine_contents(repository, repository_id, lake, landings, tip_files)
        fingerprint = _fingerprint(repository, refs, marks + lake.contents(repository_id))
        lake.write_snapshot(
            {
                "landings": landings,
                "refs": refs,
                "pull_requests": pulls.pull_requests,
                "pull_request_commits": pulls.commits,
                "branch_commits": branches,
                "records": records,
                "tip_files": tip_files,
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
        new_lines,
    )


def _with_arrived_blobs(
    repository: OpenRepository, repository_id: str, lake: Lake, problems: pl.DataFrame
) -> set[str]:
    """Commits mined while a blob was missing or damaged of a file whose blobs are there now."""
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
    damaged = {blob for text in problems["problem"] for blob in DAMAGED_BLOB.findall(text)}
    absent = [
        blob
        for blob in blobs
        if not has_object(blob) or (blob in damaged and not is_readable(repository, blob))
    ]
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
    if before["path"][0] == repository.path_text or (url and before["remote_url"][0] == url):
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


def _problems(repository_id: str, failures: dict[str, str]) -> pl.DataFrame:
    rows = [(repository_id, commit_id, problem) for commit_id, problem in sorted(failures.items())]
    return pl.DataFrame(rows, schema=PROBLEMS, orient="row")


def _repository_row(
    repository: OpenRepository, repository_id: str, history: History, fingerprint: str
) -> pl.DataFrame:
    row = (
        repository_id,
        repository.path_text,
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
