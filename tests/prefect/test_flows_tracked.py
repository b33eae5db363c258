"""The same composition, through Prefect: a server of the test session shows what it was told."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from pipeline_fixtures import build_repository, database, marts

from quarterdeck.extractors.errors import GitCommandError, RepositoryNotFoundError
from quarterdeck.flows import mining, pipeline, steps
from quarterdeck.flows.errors import SettingsError, StaleDataError
from quarterdeck.flows.progress import PlainReporter, reporter, reporting
from quarterdeck.flows.repository_settings import RepositorySettings
from quarterdeck.flows.settings import Settings

pytestmark = pytest.mark.prefect


@dataclass(frozen=True)
class Tracked:
    """A tracked run of two repositories and one that is not there."""

    folder: Path
    error: StaleDataError
    flow_runs: dict[str, Any]
    task_runs: dict[str, Any]
    artifacts: list[Any]


def settings(folder: Path, repositories: Path, *names: str) -> Settings:
    home = folder / ".quarterdeck"
    return Settings(
        organisation="Braces {and} more",
        lake=home / "lake",
        database=database(folder),
        reports=home / "reports",
        clones=home / "clones",
        repositories=[RepositorySettings(path=repositories / name) for name in names],
    )


@pytest.fixture(scope="module")
def tracked_run(
    prefect_server: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Tracked]:
    from prefect.client.orchestration import get_client

    folder = tmp_path_factory.mktemp("tracked")
    build_repository(folder / "app")
    build_repository(folder / "lib", 5)
    with (
        steps.tracked(),
        reporting(PlainReporter()),
        pytest.raises(StaleDataError) as caught,
    ):
        pipeline.run(settings(folder, folder, "app", "gone", "lib"))
    with get_client(sync_client=True) as client:
        yield Tracked(
            folder,
            caught.value,
            {run.name: run for run in client.read_flow_runs()},
            {run.name: run for run in client.read_task_runs()},
            client.read_artifacts(),
        )


def test_a_failing_repository_ends_the_run_failed_with_the_others_done(
    tracked_run: Tracked,
) -> None:
    assert list(tracked_run.error.problems) == ["gone"]
    state = tracked_run.flow_runs["quarterdeck Braces {and} more"].state
    assert state.name == "Failed"
    assert "gone: no such folder" in state.message
    counts = {row[0]: row for row in marts(database(tracked_run.folder))["repositories"]}
    assert sorted(counts) == ["app", "gone", "lib"]


def test_flows_and_tasks_have_names_that_a_person_can_read(tracked_run: Tracked) -> None:
    parent = tracked_run.flow_runs.pop("quarterdeck Braces {and} more")
    assert parent.parent_task_run_id is None
    states = {name: run.state.name for name, run in tracked_run.flow_runs.items()}
    assert states == dict.fromkeys(("mine", "build", "estimate", "report"), "Completed")
    assert all(run.parent_task_run_id for run in tracked_run.flow_runs.values())
    tracked_run.flow_runs[parent.name] = parent
    mined = {n: r.state.name for n, r in tracked_run.task_runs.items() if n.startswith("mine ")}
    assert mined == {"mine app": "Completed", "mine gone": "Failed", "mine lib": "Completed"}


def test_what_is_not_worth_a_retry_is_not_tried_again(tracked_run: Tracked) -> None:
    assert tracked_run.task_runs["mine gone"].run_count == 1


def test_prefect_is_told_no_arguments(tracked_run: Tracked) -> None:
    assert [run.parameters for run in tracked_run.flow_runs.values()] == [{}] * 5


def test_the_summary_is_an_artifact(tracked_run: Tracked) -> None:
    (artifact,) = [a for a in tracked_run.artifacts if a.key == "quarterdeck-summary"]
    assert artifact.type == "markdown"
    assert "17 landed changes" in artifact.data


def test_a_link_to_the_report_and_the_data_quality_are_artifacts(tracked_run: Tracked) -> None:
    found = {artifact.key: artifact for artifact in tracked_run.artifacts}
    report = tracked_run.folder / ".quarterdeck/reports/report.html"
    assert report.as_uri() in found["quarterdeck-report"].data
    table = found["quarterdeck-data-quality"]
    assert table.type == "table" and "gone: no such folder" in str(table.data)


def test_a_plain_run_makes_the_same_database(tracked_run: Tracked, tmp_path: Path) -> None:
    with pytest.raises(StaleDataError):
        pipeline.run(settings(tmp_path, tracked_run.folder, "app", "gone", "lib"), False)
    assert marts(database(tmp_path)) == marts(database(tracked_run.folder))


def test_progress_arrives_in_the_logs_and_stays_readable(
    prefect_server: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from prefect.client.orchestration import get_client
    from prefect.context import FlowRunContext
    from prefect.logging.handlers import APILogHandler

    @steps.flow(name="counting", run_name="counting {title}")
    def counting(title: str) -> Any:
        with reporter().work(title) as work:
            work.update(4, 4)
        reporter().line("counted")
        context = FlowRunContext.get()
        assert context is not None and context.flow_run is not None
        return context.flow_run.id

    with steps.tracked(), reporting(PlainReporter()):
        run_id = counting("sheep")
    assert capsys.readouterr().err == "sheep: 4 of 4\ncounted\n"
    APILogHandler().flush()
    with get_client(sync_client=True) as client:
        told = [log.message for log in client.read_logs() if log.flow_run_id == run_id]
    assert {"sheep: 4 of 4", "counted"} <= set(told)


def test_two_runs_of_a_task_are_two_and_options_reach_prefect(prefect_server: Path) -> None:
    tries = []

    @steps.task(name="try", run_name="try {number}", retries=1)
    def attempt(number: int) -> int:
        tries.append(number)
        if tries == [1, 2]:
            raise OSError("once")
        return 10 * number

    @steps.flow(name="trying")
    def trying() -> list[int]:
        return [attempt(1), attempt(2), attempt(3)]

    with steps.tracked():
        assert steps.is_tracked()
        assert trying() == [10, 20, 30]
    assert not steps.is_tracked()
    assert tries == [1, 2, 2, 3]


@pytest.mark.parametrize(
    ("failure", "worthwhile"),
    [
        (GitCommandError("no network"), True),
        (RepositoryNotFoundError("no such folder"), False),
    ],
)
def test_what_is_worth_a_retry(failure: Exception, worthwhile: bool) -> None:
    from prefect.states import Failed

    assert mining._retry_is_worthwhile(None, None, Failed(data=failure)) == worthwhile


def test_a_missing_git_is_not_worth_a_retry() -> None:
    from prefect.states import Failed

    missing = GitCommandError("git: command not found")
    missing.__cause__ = FileNotFoundError("git")
    assert not mining._retry_is_worthwhile(None, None, Failed(data=missing))


def test_the_scheduled_flow_needs_a_settings_file_alone(
    tracked_run: Tracked, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from quarterdeck.flows.deployments import scheduled

    file = tmp_path / "quarterdeck.toml"
    file.write_text(f'[[repositories]]\npath = "{tracked_run.folder / "lib"}"\n')
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    state = scheduled(str(file), with_report=False, return_state=True)
    assert state.is_completed(), state.message
    assert marts(database(tmp_path))["report_facts"]
    assert list(elsewhere.iterdir()) == []


def test_the_scheduled_flow_refuses_a_relative_path(prefect_server: Path) -> None:
    from quarterdeck.flows.deployments import scheduled

    with pytest.raises(SettingsError, match="not an absolute path"):
        scheduled("quarterdeck.toml")
