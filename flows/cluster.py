"""Mining on the workers of a Dask cluster; the record comes back by the store of the lake.

A task is one repository. It brings the lake and the mirror on its worker's disk up to date, and
publishes to the store; so it can be done again, by anybody and at any time. That is all there is
to a failure: a task whose worker died is given to another worker by the scheduler, and what a
scheduler that died did not answer is handed to the next one.
"""

import os
import platform
import time
import uuid
from collections.abc import Collection, Iterator, Sequence
from concurrent.futures import CancelledError
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path

from quarterdeck.extractors.clones import mirror_folder
from quarterdeck.extractors.errors import StoreError
from quarterdeck.extractors.lake import Lake
from quarterdeck.flows.errors import ClusterError
from quarterdeck.flows.healing import bring_up_to_date, heal
from quarterdeck.flows.mining import Attempt, attempt
from quarterdeck.flows.mirrors import prune
from quarterdeck.flows.progress import Work, reporter, reporting
from quarterdeck.flows.repositories import Source
from quarterdeck.flows.settings import Settings
from quarterdeck.flows.steps import task
from quarterdeck.flows.stores import store_of

try:
    import distributed
except ImportError as missing:
    raise ClusterError(
        "dask is set in the settings, and is not installed; pip install 'quarterdeck[dask]'"
    ) from missing

#: Names a folder of the worker's own disk, where that of the settings will not do.
FOLDER_VARIABLE = "QUARTERDECK_WORKER_FOLDER"
#: Seconds without a scheduler, or with one that has no worker, after which a run gives up.
PATIENCE_SECONDS = 600.0
#: A repository that failed for the sake of the network or the store is tried so often in all.
TRIES = 3
_POLL_SECONDS = 2.0
_CONNECT_SECONDS = 5.0
_CLOSE_SECONDS = 1.0


@dataclass(frozen=True)
class Answer:
    """What a worker says of one repository."""

    attempt: Attempt
    lines: tuple[str, ...]  # what it would have told on a terminal
    worker: str | None = None  # its address; None where it could not even begin


class _Lines:
    """Keeps what mining tells, for the terminal of the run."""

    def __init__(self) -> None:
        self.kept: list[str] = []

    def line(self, text: str) -> None:
        self.kept.append(text)

    @contextmanager
    def work(self, title: str) -> Iterator[Work]:
        yield self

    def update(self, done: int, total: int) -> None:
        """Progress stays on the worker."""

    def stage(self, title: str) -> Work:
        return self


def mine_on_worker(source: Source, settings: Settings, wanted_version: str) -> Answer:
    """Mine one repository on this worker; the paths of the settings are of its own disk.

    Where it has QUARTERDECK_WORKER_FOLDER in its environment, lake and mirrors stand below that.
    """
    if (here := version("quarterdeck")) != wanted_version:
        text = f"a worker has Quarterdeck {here}, the run {wanted_version}; install the same"
        return Answer(Attempt(None, text, is_of_host=True), (), _address())
    if folder := os.environ.get(FOLDER_VARIABLE):
        clones = Path(folder) / "clones"
        settings = settings.model_copy(update={"lake": Path(folder) / "lake", "clones": clones})
        if source.url is not None:
            path = mirror_folder(clones, source.repository_id, source.url)
            source = replace(source, path=path)
    lines = _Lines()
    with reporting(lines):
        heal(lake := Lake(settings.lake), repository_id=source.repository_id)
        bring_up_to_date(lake)
        done = _seen_from_here(settings) or attempt(source, settings)
        prune(settings, [source])
    return Answer(done, tuple(lines.kept), _address())


def _address() -> str | None:
    try:
        return str(distributed.get_worker().address)
    except ValueError:
        return None  # called without a cluster


def _seen_from_here(settings: Settings) -> Attempt | None:
    """Why this host cannot publish: it does not see the store that the run has prepared."""
    store = store_of(settings)
    assert store is not None
    try:
        if store.is_there():
            return None
        text = f"{store.url}: not the builder's store, as {platform.node()} sees it; mount it there"
    except StoreError as error:
        text = str(error)
    return Attempt(None, text, is_worth_retrying=True, is_of_host=True)


def attempts_on_cluster(
    sources: Sequence[Source], settings: Settings
) -> Iterator[tuple[Source, Attempt]]:
    """Mine repositories on the cluster that the settings name; yields them in order."""
    cluster = _Cluster(settings, sources)
    try:
        for source in sources:
            yield source, _wait(source, cluster)
    finally:
        cluster.close()


@task(name="mine repository", run_name="mine {source.repository_id}")
def _wait(source: Source, cluster: "_Cluster") -> Attempt:
    tried: set[str | None] = set()
    number = 0
    while True:
        try:
            answer = cluster.answer(source)
        except ClusterError as error:
            return Attempt(None, str(error))
        for line in answer.lines:
            reporter().line(line)
        found = answer.attempt
        tried.add(answer.worker)
        others = cluster.workers() - tried if found.is_of_host else set()
        number += not others
        if found.problem is None or not (others or found.is_worth_retrying) or number >= TRIES:
            return found
        where = f"another worker than {answer.worker}" if others else "once more"
        reporter().line(f"{source.repository_id}: {found.problem}; trying {where}")
        cluster.submit([source], others)


def _without_answer(problem: BaseException) -> Answer:
    """What to make of a task that ended with an error instead of an answer.

    Raises:
        ClusterError: it takes every worker down.
    """
    if isinstance(problem, distributed.KilledWorker):
        raise ClusterError(f"mining it ended every worker that tried: {problem}") from problem
    text = (
        f"a worker could not run it ({type(problem).__name__}: {problem}); install the same "
        "Quarterdeck, with the same extras, on every host"
    )
    return Answer(Attempt(None, text, is_worth_retrying=True), ())


class _Cluster:
    """A connection to a scheduler, which may be lost and made again."""

    def __init__(self, settings: Settings, sources: Sequence[Source]) -> None:
        assert settings.dask is not None
        self._address = settings.dask
        # a worker needs its own repository alone, which comes with the source
        self._settings = settings.model_copy(update={"repositories": []})
        self._client: distributed.Client | None = None
        self._futures: dict[str, distributed.Future] = {}
        self._left = {source.repository_id: source for source in sources}
        self._problem: str | None = None  # why there is no cluster any more
        self._idle_since: float | None = None

    def workers(self) -> set[str | None]:
        """Addresses of the workers there are; none where the scheduler is lost."""
        if self._client is None:
            return set()
        return set(self._client.scheduler_info(n_workers=-1)["workers"])

    def submit(self, sources: Sequence[Source], workers: Collection[str | None] = ()) -> None:
        """Hand repositories to the scheduler, for some of the workers if these are there."""
        assert self._client is not None
        for source in sources:
            self._left[source.repository_id] = source
            self._futures[source.repository_id] = self._client.submit(
                mine_on_worker,
                source,
                self._settings,
                version("quarterdeck"),
                key=f"mine-{source.repository_id}-{uuid.uuid4().hex}",
                pure=False,
                workers=sorted(map(str, workers)) or None,
                allow_other_workers=bool(workers),
            )

    def answer(self, source: Source) -> Answer:
        """Wait for a repository, however often the cluster has to be found again.

        Raises:
            ClusterError: there was no scheduler, or no worker, for too long; or the repository
                takes every worker down.
        """
        name = source.repository_id
        while self._problem is None:
            try:
                if self._client is None:
                    self._connect()
                future = self._futures[name]
                problem = future.exception(timeout=_POLL_SECONDS)
                answer = _without_answer(problem) if problem is not None else future.result()
            except TimeoutError:
                self._see_to_workers()
            except (CancelledError, OSError) as error:
                reporter().line(f"the Dask scheduler at {self._address} is lost: {error}")
                self.close()
            else:
                del self._left[name], self._futures[name]
                return answer
        raise ClusterError(self._problem)

    def _connect(self) -> None:
        """Find the scheduler, and hand it what nobody has answered yet."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while self._client is None:
            try:
                self._client = distributed.Client(
                    self._address,
                    timeout=_CONNECT_SECONDS,
                    set_as_default=False,
                    name="quarterdeck",
                )
            except (OSError, TimeoutError) as error:
                if time.monotonic() > deadline:
                    self._problem = (
                        f"the Dask scheduler at {self._address} did not answer for "
                        f"{PATIENCE_SECONDS:.0f} s ({error}); start it, or correct dask in the "
                        "settings"
                    )
                    raise ClusterError(self._problem) from error
                time.sleep(1)
        self._idle_since = None
        reporter().line(f"{len(self._left)} repositories to mine on the workers of {self._address}")
        self.submit(list(self._left.values()))

    def _see_to_workers(self) -> None:
        assert self._client is not None
        if self._client.scheduler_info()["workers"]:
            self._idle_since = None
            return
        now = time.monotonic()
        self._idle_since = self._idle_since or now
        if now - self._idle_since > PATIENCE_SECONDS:
            self._problem = (
                f"the Dask scheduler at {self._address} had no worker for "
                f"{PATIENCE_SECONDS:.0f} s; start one with `dask worker {self._address}`"
            )

    def close(self) -> None:
        """Let go of the scheduler; what it still does is harmless."""
        client, self._client = self._client, None
        self._futures = {}
        if client is not None:
            with suppress(OSError, TimeoutError):
                client.close(timeout=_CLOSE_SECONDS)
