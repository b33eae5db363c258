"""Mining one repository after another: here, or on the workers of a Dask cluster."""

import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

import pygit2

from quarterdeck.extractors.errors import (
    ExtractorError,
    GitCommandError,
    LakeError,
    LakeWriteError,
    RepositoryNotFoundError,
    StoreError,
)
from quarterdeck.extractors.lake import Lake
from quarterdeck.extractors.lake_upgrade import remined
from quarterdeck.extractors.mining import MiningResult, mine_repository
from quarterdeck.extractors.repository import open_repository
from quarterdeck.flows.healing import heal
from quarterdeck.flows.mirrors import mine_source
from quarterdeck.flows.progress import reporter
from quarterdeck.flows.repositories import Source
from quarterdeck.flows.settings import Settings
from quarterdeck.flows.steps import elapsed, task
from quarterdeck.flows.stores import store_of


@dataclass(frozen=True)
class Attempt:
    """What became of one repository: a result, or why there is none."""

    result: MiningResult | None
    problem: str | None = None
    is_worth_retrying: bool = False  # on any host, a little later
    is_of_host: bool = False  # another one may see, or have, what this one lacks


def attempts(sources: Sequence[Source], settings: Settings) -> Iterator[tuple[Source, Attempt]]:
    """Mine repositories; one that fails stops no other.

    Yields:
        each source with what became of it, in order.
    """
    if settings.dask is not None and sources:
        # imports a library that a run on one machine has not even installed
        from quarterdeck.flows.cluster import attempts_on_cluster

        yield from attempts_on_cluster(sources, settings)
        return
    for source in sources:
        yield source, attempt(source, settings)


def attempt(source: Source, settings: Settings) -> Attempt:
    """Mine a repository on this machine; what a user or a later run can mend is told."""
    try:
        return Attempt(_mine_or_heal(source, settings, Lake(settings.lake)))
    except StoreError as error:
        return Attempt(None, str(error), is_worth_retrying=True)
    except ExtractorError as error:
        is_of_host = isinstance(error, RepositoryNotFoundError | LakeWriteError)
        return Attempt(None, str(error), is_of_host=is_of_host or is_without_git(error))
    except pygit2.GitError as error:
        text = f"{source.path}: libgit2 cannot read it: {error}; try `git fsck` there"
        return Attempt(None, text)
    except OSError as error:
        text = f"{error}; is there space in {tempfile.gettempdir()} and in the lake?"
        return Attempt(None, text, is_of_host=True)


def is_without_git(error: object) -> bool:
    """Whether an error is that there is no git on this host."""
    return isinstance(getattr(error, "__cause__", None), FileNotFoundError)


def _mine_or_heal(source: Source, settings: Settings, lake: Lake) -> MiningResult:
    try:
        return mine_one(source, settings)
    except LakeWriteError:
        raise
    except LakeError:
        if not heal(lake, everything=True):
            raise
        return mine_one(source, settings)


def _retry_is_worthwhile(_task: Any, _run: Any, state: Any) -> bool:
    """A network may recover; a wrong path or a missing git will not."""
    failure = state.result(raise_on_failure=False)
    return isinstance(failure, GitCommandError) and not is_without_git(failure)


@task(
    name="mine repository",
    run_name="mine {source.repository_id}",
    retries=2,
    retry_delay_seconds=[5, 30],
    retry_condition_fn=_retry_is_worthwhile,
)
def mine_one(source: Source, settings: Settings) -> MiningResult:
    """Bring the lake up to date with one repository, and the store where there is one."""
    start = time.monotonic()
    lake, store = Lake(settings.lake), store_of(settings)
    with store.kept(lake, source.repository_id) if store is not None else nullcontext():
        result = mine_source(source, lambda: _mine(source, settings, lake))
    _tell_result(result, elapsed(start))
    return result


def _mine(source: Source, settings: Settings, lake: Lake) -> MiningResult:
    repository = open_repository(source.path, source.default_branch)
    with (
        remined(lake, source.repository_id),
        reporter().work(f"{source.repository_id}: commits diffed") as work,
    ):
        return mine_repository(
            repository,
            source.repository_id,
            lake,
            settings.git_processes,
            work.update,
            split_squashes=settings.split_squashes,
            lines=settings.lines,
            lines_progress=work.stage(f"{source.repository_id}: lines followed").update,
        )


def _tell_result(result: MiningResult, took: str) -> None:
    name = result.repository_id
    new = (
        "nothing new"
        if result.nothing_new
        else f"{result.new_commits:,} new commits, {result.new_diffs:,} diffed"
    )
    if result.new_lines:
        new += f", lines of {result.new_lines:,} landed changes followed"
    reporter().line(f"{name}: {new}; {result.landed_changes:,} landed changes ({took})")
    if result.is_shallow:
        reporter().line(
            f"{name}: warning: a shallow clone: history before its boundary is "
            "missing; `git fetch --unshallow` completes it"
        )
    if result.problems:
        reporter().line(
            f"{name}: warning: {result.problems:,} commits could not be read or "
            "diffed; see data quality in the report"
        )
