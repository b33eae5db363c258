"""Mining on two Dask workers that publish to an S3 server: processes and protocols as they are."""

import subprocess
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import filelock
import pytest
from git_fixtures import RepositoryBuilder
from mined import content
from scale_fixtures import (
    KEYS,
    answers,
    free_port,
    process,
    s3_server,
    scheduler_command,
    until,
    worker_command,
)

from quarterdeck.flows import pipeline
from quarterdeck.flows.mining import attempt
from quarterdeck.flows.progress import SilentReporter, reporting
from quarterdeck.flows.repositories import resolve
from quarterdeck.flows.repository_settings import RepositorySettings
from quarterdeck.flows.settings import Settings
from quarterdeck.flows.stores import bring_lake

pytest.importorskip("s3fs", reason="needs the extra s3")
pytest.importorskip("distributed", reason="needs the extra dask")
pytest.importorskip("moto.server", reason="needs moto's server, of the extra test")

NAMES = ["app", "lib", "site"]


class Told(SilentReporter):
    """Keeps the lines."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def line(self, text: str) -> None:
        self.lines.append(text)


class World:
    """Repositories on a disk that all see, an S3 server, and workers that come and go."""

    def __init__(self, folder: Path, endpoint: str, stack: ExitStack) -> None:
        self.folder, self.stack = folder, stack
        self.variables = {**KEYS, "AWS_ENDPOINT_URL": endpoint}
        self.port = free_port()
        self.address = f"tcp://127.0.0.1:{self.port}"

    def settings(self, host: str, **more: str) -> Settings:
        return Settings(
            lake=self.folder / host / "lake",
            clones=self.folder / host / "clones",
            repositories=[RepositorySettings(path=self.folder / name, name=name) for name in NAMES],
            **more,
        )

    def start_scheduler(self, **more: str) -> "subprocess.Popen[bytes]":
        started = self.stack.enter_context(process(*scheduler_command(self.port), **more))
        until(lambda: answers(self.port))
        return started

    def start_worker(self, host: str, **more: str) -> "subprocess.Popen[bytes]":
        place = self.folder / host
        place.mkdir(exist_ok=True)
        command = worker_command(self.address, place, host)
        variables = {**self.variables, "QUARTERDECK_WORKER_FOLDER": str(place), **more}
        return self.stack.enter_context(process(*command, **variables))

    def hold(self, host: str) -> list[filelock.FileLock]:
        """Keep a worker in the middle of whatever it begins."""
        locks = []
        for name in NAMES:
            path = self.folder / host / "lake/locks" / f"{name}.store.lock"
            path.parent.mkdir(parents=True, exist_ok=True)
            locks.append(filelock.FileLock(path))
            locks[-1].acquire()
        return locks

    def is_at_work(self, host: str) -> bool:
        return (self.folder / host / "lake/lake.json").is_file()


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    import s3fs

    folder = tmp_path_factory.mktemp("scale-out")
    for number, name in enumerate(NAMES):
        repository = RepositoryBuilder(folder / name)
        for n in range(3 + number):
            repository.commit({f"f{n}.py": b"%d\n" % number * (n + 1)})
    with ExitStack() as stack, pytest.MonkeyPatch.context() as patch:
        endpoint = stack.enter_context(s3_server(free_port()))
        made = World(folder, endpoint, stack)
        for name, value in made.variables.items():
            patch.setenv(name, value)
        s3fs.S3FileSystem(skip_instance_cache=True).mkdir("shared")
        assert pipeline.mine(made.settings("alone")).problems == {}
        yield made


def mined_meanwhile(settings: Settings, told: Told) -> tuple[threading.Thread, list[object]]:
    done: list[object] = []

    def work() -> None:
        with reporting(told):
            done.append(pipeline.mine(settings).problems)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    return thread, done


def agrees(world: World, builder: Settings) -> None:
    assert not list(builder.lake.rglob("*.parquet"))
    bring_lake(builder)
    for name in NAMES:
        assert content(builder.lake, name) == content(world.folder / "alone/lake", name)


def test_a_worker_and_then_the_scheduler_killed_in_the_middle_change_nothing(world: World) -> None:
    builder = world.settings("builder", dask=world.address, lake_store="s3://shared/lake")
    scheduler = world.start_scheduler()
    held = world.hold("first")
    locks = world.hold("second")
    first = world.start_worker("first")
    thread, problems = mined_meanwhile(builder, told := Told())
    until(lambda: world.is_at_work("first"))
    first.kill()
    world.start_worker("second")
    until(lambda: world.is_at_work("second"))  # was given what the first had in hand
    scheduler.kill()
    scheduler.wait()
    for lock in locks:
        lock.release()
    world.start_scheduler()
    world.start_worker("third")
    thread.join(600)
    assert problems == [{}]
    assert any("is lost" in line for line in told.lines)
    assert any(line.startswith("site: ") for line in told.lines)  # what a worker said
    assert all(lock.is_locked for lock in held)  # the first was in the middle when it died
    agrees(world, builder)


def test_another_worker_does_what_one_cannot(world: World) -> None:
    """One worker has no git, and is the idle one when the run begins."""
    import distributed

    apart = World(world.folder, world.variables["AWS_ENDPOINT_URL"], world.stack)
    apart.start_scheduler()
    apart.start_worker("without-git", PATH="/nowhere")
    apart.start_worker("able")
    settings = apart.settings("apart", dask=apart.address, lake_store="s3://shared/apart")
    with distributed.Client(apart.address, set_as_default=False) as client:
        client.wait_for_workers(2)
        go_on = distributed.Event("go on", client=client)
        busy = client.submit(go_on.wait, 600, workers=["able"], pure=False)
        until(lambda: any(client.processing().values()))
        thread, problems = mined_meanwhile(settings, told := Told())
        until(lambda: any("another worker" in line for line in told.lines))
        go_on.set()
        thread.join(600)
        assert busy.result()
    assert problems == [{}]
    assert any("git: command not found" in line and "another worker" in line for line in told.lines)
    agrees(world, settings)


def test_what_ends_every_worker_is_given_up(world: World) -> None:
    import distributed

    fatal = World(world.folder, world.variables["AWS_ENDPOINT_URL"], world.stack)
    fatal.start_scheduler(DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES="0")
    held = fatal.hold("ended")
    ended = fatal.start_worker("ended")
    settings = fatal.settings("fatal", dask=fatal.address, lake_store="s3://shared/fatal")
    settings = settings.model_copy(update={"repositories": settings.repositories[-1:]})
    with distributed.Client(fatal.address, set_as_default=False) as client:
        client.wait_for_workers(1)
        thread, problems = mined_meanwhile(settings, Told())
        until(lambda: fatal.is_at_work("ended"))
        ended.kill()
        thread.join(600)
    ((name, problem),) = dict(problems[0]).items()  # type: ignore[call-overload]
    assert name == "site" and "mining it ended every worker that tried" in problem
    assert all(lock.is_locked for lock in held)  # the worker was in the middle


def test_an_error_instead_of_an_answer_is_told() -> None:
    """A worker with another Quarterdeck, or none, cannot even read what it is sent."""
    from quarterdeck.flows.cluster import _without_answer

    found = _without_answer(ModuleNotFoundError("No module named 'quarterdeck'")).attempt
    assert found.is_worth_retrying
    assert "No module named 'quarterdeck'" in str(found.problem)
    assert "install the same" in str(found.problem)


def test_a_worker_that_sees_another_store_publishes_nothing(world: World, tmp_path: Path) -> None:
    """A share that is not mounted is an empty folder there."""
    from quarterdeck.flows.cluster import mine_on_worker, version

    settings = world.settings("unmounted", lake_store=str(tmp_path / "store"))
    found = mine_on_worker(resolve(settings)[0], settings, version("quarterdeck")).attempt
    assert "not the builder's store" in str(found.problem) and found.is_of_host
    assert not (tmp_path / "store").exists()


def test_a_cluster_without_a_store_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="lake_store"):
        Settings(dask="tcp://127.0.0.1:1")


def test_a_lake_is_on_a_disk(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="name the URL as lake_store"):
        Settings(lake="s3://bucket/lake")


def test_a_worker_of_another_version_mines_nothing(world: World, tmp_path: Path) -> None:
    from quarterdeck.flows.cluster import mine_on_worker

    settings = world.settings("older", lake_store=str(tmp_path / "store"))
    answer = mine_on_worker(resolve(settings)[0], settings, "0.0.1")
    assert answer.attempt.result is None
    assert "install the same" in str(answer.attempt.problem)
    assert not settings.lake.exists()


def test_a_store_out_of_reach_is_tried_again(world: World, tmp_path: Path) -> None:
    (tmp_path / "store").write_text("no folder")
    settings = world.settings("apart", lake_store=str(tmp_path / "store"))
    found = attempt(resolve(settings)[0], settings)
    assert found.result is None and found.is_worth_retrying
    settings = world.settings("apart", lake_store=str(tmp_path / "other"))
    gone = settings.model_copy(
        update={"repositories": [RepositorySettings(path=tmp_path / "gone", name="app")]}
    )
    found = attempt(resolve(gone)[0], gone)
    assert found.result is None and not found.is_worth_retrying


def test_a_scheduler_that_is_not_there_is_told(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    from quarterdeck.flows import cluster

    monkeypatch.setattr(cluster, "PATIENCE_SECONDS", 0.0)
    monkeypatch.setattr(cluster, "_CONNECT_SECONDS", 0.3)
    nowhere = f"tcp://127.0.0.1:{free_port()}"
    settings = world.settings("lost", dask=nowhere, lake_store=str(world.folder / "shared"))
    problems = pipeline.mine(settings).problems
    assert list(problems) == NAMES
    assert all("did not answer" in problem for problem in problems.values())
