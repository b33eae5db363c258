"""What `quarterdeck status` and the metrics file say of runs and data."""

import json
import os
import platform
import signal
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from pipeline_fixtures import build_repository, start
from prometheus_client.parser import text_string_to_metric_families

from quarterdeck.extractors.errors import LakeError
from quarterdeck.extractors.lake import Lake
from quarterdeck.extractors.outcomes import last_outcomes, write_outcome
from quarterdeck.flows import cli
from quarterdeck.flows import serving as serving_module
from quarterdeck.flows.errors import SettingsError, StaleDataError
from quarterdeck.flows.recording import recorded
from quarterdeck.flows.run_state import last_run, process_start
from quarterdeck.flows.serving import Schedule, serve
from quarterdeck.flows.settings import Settings
from quarterdeck.flows.status import examine_status, parse_age, status_lines

EXAMPLES = Path(__file__).parent.parent / "examples"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working directory, no Prefect server, and a database that is there."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    monkeypatch.setenv("PREFECT_HOME", str(tmp_path / "prefect"))
    (tmp_path / ".quarterdeck").mkdir()
    (tmp_path / ".quarterdeck/quarterdeck.duckdb").touch()
    return tmp_path


def ours(folder: Path, **more: object) -> Settings:
    return Settings(
        lake=folder / ".quarterdeck/lake",
        database=folder / ".quarterdeck/quarterdeck.duckdb",
        **more,  # type: ignore[arg-type]
    )


def call(*arguments: str) -> Result:
    return CliRunner().invoke(cli.main, ["status", *arguments])


def set_outcome(folder: Path, name: str, **values: object) -> None:
    path = folder / f".quarterdeck/lake/outcomes/{name}.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | values))


def test_a_fresh_lake_is_well_and_an_old_one_is_not(folder: Path) -> None:
    with recorded(ours(folder)):
        write_outcome(Lake(ours(folder).lake), "app", None)
    assert call("--max-age", "1h").exit_code == 0
    old = datetime.now(UTC) - timedelta(hours=37)
    set_outcome(folder, "app", at=old.isoformat(), succeeded_at=old.isoformat())
    assert call().exit_code == 0  # nobody said what is too old
    assert call("--max-age", "2d").exit_code == 0
    done = call("--max-age", "36h")
    assert done.exit_code == 4
    assert "stale   app  mined 37.0 h ago" in done.output
    assert "problem: app: last mined 37.0 h ago" in done.output


def test_a_failure_keeps_when_it_last_went_well(folder: Path) -> None:
    lake = Lake(ours(folder).lake)
    write_outcome(lake, "app", None)
    then = datetime.now(UTC) - timedelta(days=9)
    set_outcome(folder, "app", at=then.isoformat(), succeeded_at=then.isoformat())
    for problem in ("no network", "no network"):
        with pytest.raises(StaleDataError), recorded(ours(folder)):
            write_outcome(lake, "app", problem)
            raise StaleDataError({"app": problem})
    done = call("--json")
    assert done.exit_code == 4
    found = json.loads(done.output)
    (app,) = found["repositories"]
    assert (app["state"], app["problem"]) == ("failed", "no network")
    assert app["age"] == pytest.approx(9 * 86_400, abs=60)
    assert found["run"]["outcome"] == "stale" and found["run"]["succeeded_at"] is None
    assert not found["is_well"]


def test_an_outcome_of_before_tells_as_much_as_it_can(folder: Path) -> None:
    lake = Lake(ours(folder).lake)
    for name, problem in (("good", None), ("bad", "gone")):
        path = lake.root / "outcomes" / f"{name}.json"
        path.parent.mkdir(exist_ok=True)
        path.write_text(
            json.dumps({"repository_id": name, "problem": problem, "at": "2026-01-01T00:00:00Z"})
        )
    found = {r["repository_id"]: r for r in json.loads(call("--json").output)["repositories"]}
    assert found["good"]["succeeded_at"] == "2026-01-01T00:00:00+00:00"
    assert found["bad"]["succeeded_at"] is None
    write_outcome(lake, "good", "gone")
    assert last_outcomes(lake)["good"]["succeeded_at"] == "2026-01-01T00:00:00Z"


def test_a_clock_that_was_set_back_does_not_hide_stale_data(folder: Path) -> None:
    lake = Lake(ours(folder).lake)
    write_outcome(lake, "app", None)
    ahead = datetime.now(UTC) + timedelta(days=400)
    set_outcome(folder, "app", succeeded_at=ahead.isoformat())
    done = call("--max-age", "1d")
    assert done.exit_code == 4
    assert "still to come: see to the clock" in done.output


def test_a_repository_of_the_settings_that_was_never_mined(folder: Path) -> None:
    Lake(ours(folder).lake)
    (folder / "quarterdeck.toml").write_text("[[repositories]]\npath = 'app'\n")
    done = call()
    assert done.exit_code == 4
    assert "never   app  never mined" in done.output
    assert "problem: no run was begun yet" in done.output


def test_without_a_lake(folder: Path) -> None:
    done = call()
    assert done.exit_code == 3 and "no lake here" in done.output


def test_how_the_last_run_ended(folder: Path) -> None:
    with pytest.raises(ValueError), recorded(ours(folder)):
        raise ValueError("https://ada:hunter2@forge.example/ broke")
    assert "last run: failed" in call().output
    assert "hunter2" not in call().output
    with pytest.raises(KeyboardInterrupt), recorded(ours(folder)):
        raise KeyboardInterrupt
    assert "last run: interrupted" in call().output
    process = subprocess.Popen(["sleep", "60"])
    state = Lake(ours(folder).lake).read_note("runs", "last") or {}
    running = state | {"outcome": "running", "process": process.pid, "machine": platform.node()}
    running["process_start"] = process_start(process.pid)
    Lake(ours(folder).lake).write_note("runs", "last", running)
    assert "last run: running" in call().output
    # another process has its number by now, as after a restart of a container
    before = {"process_start": f"{process_start(process.pid)}0"}
    Lake(ours(folder).lake).write_note("runs", "last", running | before)
    if process_start(process.pid) is not None:
        assert "last run: killed" in call().output
    Lake(ours(folder).lake).write_note("runs", "last", running)
    process.kill()
    process.wait()
    done = call()
    assert "last run: killed" in done.output and done.exit_code == 4


_ODD = (None, "soon", 10**30, [], "0001-01-01T00:00:00+14:00", "2026-01-01", "\x1b[2J")


@pytest.mark.parametrize("note", ["runs/last", "runs/schedule", "outcomes/app"])
def test_a_damaged_note_is_named_and_never_a_crash(folder: Path, note: str) -> None:
    """Each key with something else in it, each key missing, and no JSON object at all."""
    lake = Lake(ours(folder).lake)
    with recorded(ours(folder)):
        write_outcome(lake, "app", None)
    schedule = {"cron": "0 2 * * *", "time_zone": "UTC", "machine": platform.node()}
    schedule |= {"process": str(os.getpid()), "next_at": "2099-01-01T00:00:00"}
    lake.write_note("runs", "schedule", schedule)
    assert call().exit_code == 0
    path = lake.root / f"{note}.json"
    whole = json.loads(path.read_text())
    damaged = [json.dumps(whole | {key: odd}) for key in whole for odd in _ODD]
    damaged += [json.dumps({k: v for k, v in whole.items() if k != key}) for key in whole]
    damaged += ["", "{", "[]", "null", "{}", "\0", "[" * 100_000]
    refused = 0
    for text in damaged:
        path.write_text(text)
        try:
            told = status_lines(examine_status(ours(folder)))
        except LakeError as error:
            assert str(path) in str(error) and "remove it" in str(error)
            refused += 1
        else:
            assert all(map(str.isprintable, told))
    assert 12 < refused < len(damaged)


def test_a_time_without_a_zone_is_utc(folder: Path) -> None:
    write_outcome(Lake(ours(folder).lake), "app", None)
    set_outcome(folder, "app", succeeded_at="2026-01-01T00:00:00")
    (app,) = json.loads(call("--json").output)["repositories"]
    assert app["succeeded_at"] == "2026-01-01T00:00:00+00:00"


@pytest.mark.parametrize("text", ["", "soon", "36", "-1h", "1.5d", "99999w"])
def test_what_is_no_age(text: str) -> None:
    with pytest.raises(SettingsError, match="not an age"):
        parse_age(text)


def test_the_metrics_file(folder: Path) -> None:
    file = folder / "metrics" / "quarterdeck.prom"
    settings = ours(folder, metrics_file=file)
    lake = Lake(settings.lake)
    odd = 'odd "name"\\ of\na repository'
    with pytest.raises(StaleDataError), recorded(settings):
        write_outcome(lake, "app", None)
        write_outcome(lake, odd, "gone")
        raise StaleDataError({odd: "gone"})
    text = file.read_text()
    found = {
        (s.name, s.labels.get("repository")): s.value
        for family in text_string_to_metric_families(text)
        for s in family.samples
    }
    assert found["quarterdeck_last_run_success", None] == 0
    assert found["quarterdeck_repository_failed", "app"] == 0
    assert found["quarterdeck_repository_failed", odd] == 1
    since = found["quarterdeck_repository_success_timestamp_seconds", "app"]
    assert since == pytest.approx(time.time(), abs=60)
    assert ("quarterdeck_repository_success_timestamp_seconds", odd) not in found
    assert ("quarterdeck_last_success_timestamp_seconds", None) not in found
    with recorded(settings):
        pass
    assert "quarterdeck_last_run_success 1.0" in file.read_text()
    assert [p.name for p in file.parent.iterdir()] == ["quarterdeck.prom"]


def test_a_metrics_file_that_cannot_be_written_ends_no_run(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "file").touch()
    with recorded(ours(folder, metrics_file=folder / "file" / "m.prom")):
        pass
    assert "warning: the state of this run could not be kept" in capsys.readouterr().err
    assert last_run(Lake(ours(folder).lake)).outcome == "completed"  # type: ignore[union-attr]


def test_times_of_a_schedule() -> None:
    nightly = Schedule("15 2 * * *", "Europe/Berlin")
    assert nightly.after(datetime(2026, 1, 5, 1, 15, tzinfo=UTC)) == datetime(
        2026, 1, 6, 1, 15, tzinfo=UTC
    )
    # 02:15 does not exist on that day, and is there twice in October: once a night all the same
    spring = nightly.after(datetime(2026, 3, 28, 12, tzinfo=UTC))
    assert spring.date() == datetime(2026, 3, 29).date()
    autumn = [nightly.after(datetime(2026, 10, 24, 12, tzinfo=UTC))]
    autumn.append(nightly.after(autumn[0]))
    assert autumn[1] - autumn[0] > timedelta(hours=23)
    assert nightly.before(datetime(2026, 1, 6, 1, 0, tzinfo=UTC)) == datetime(
        2026, 1, 5, 1, 15, tzinfo=UTC
    )


@pytest.mark.parametrize("cron", ["", "soon", "61 * * * *", "0 0 31 2 *", "* * * *"])
def test_what_is_no_schedule(folder: Path, cron: str) -> None:
    done = CliRunner().invoke(cli.main, ["serve", "--cron", cron])
    assert done.exit_code == 3, done.output
    assert f"--cron '{cron}'" in done.output


def test_serving_runs_tells_when_the_next_run_is_and_stops_when_told(folder: Path) -> None:
    (folder / ".quarterdeck/quarterdeck.duckdb").unlink()
    build_repository(folder / "app", 3)
    process = start(folder, "serve", "--cron", "0 0 1 1 *", "--now", "app")
    assert process.stderr is not None
    told = ""
    for line in process.stderr:
        told += line
        if "run ended" in line:
            break
    assert "run ended with exit code 0" in told
    assert "next run at" in process.stderr.readline()
    done = call("--json")
    found = json.loads(done.output)
    assert done.exit_code == 0, found
    assert found["next_run_at"].endswith("-01-01T00:00:00+00:00")
    assert found["next_run_by"].startswith("quarterdeck serve --cron '0 0 1 1 *'")
    process.send_signal(signal.SIGTERM)
    assert "stopped" in process.communicate(timeout=600)[1]
    assert process.returncode == 0
    assert json.loads(call("--json").output)["next_run_at"] is None


def test_a_run_that_was_missed_is_caught_up_with(folder: Path) -> None:
    with recorded(ours(folder)):
        pass
    lake = Lake(ours(folder).lake)
    long_ago = datetime.now(UTC) - timedelta(days=800)
    lake.write_note(
        "runs",
        "last",
        (lake.read_note("runs", "last") or {}) | {"started_at": long_ago.isoformat()},
    )
    process = start(folder, "serve", "--cron", "0 0 1 1 *")
    assert process.stderr is not None
    told = [process.stderr.readline() for _ in range(2)]
    assert "run begins" in told[1]
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=600)
    assert process.returncode == 0


def serving(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    """A schedule of which no run is due soon, once it has told when one is."""
    process = start(folder, "serve", "--cron", "0 0 1 1 *", *arguments)
    assert process.stderr is not None
    assert "next run at" in process.stderr.readline()
    return process


def test_a_schedule_that_ends_leaves_that_of_another(folder: Path) -> None:
    first, second = serving(folder), serving(folder)
    first.send_signal(signal.SIGTERM)
    assert first.wait(timeout=600) == 0
    assert json.loads(call("--json").output)["next_run_at"] is not None
    second.send_signal(signal.SIGHUP)  # its terminal was closed
    assert second.wait(timeout=600) == 0
    assert json.loads(call("--json").output)["next_run_at"] is None


def test_a_run_that_does_not_end_is_ended_whatever_else_is_signalled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A second Ctrl-C must not leave a run behind that nobody waits for."""
    deaf = "import signal,time; signal.signal(2, signal.SIG_IGN); print(flush=True); time.sleep(99)"
    monkeypatch.setattr(serving_module, "_COMMAND", (sys.executable, "-c", deaf))
    monkeypatch.setattr(serving_module, "_PATIENCE", 0.5)
    runs: list[subprocess.Popen[bytes]] = []

    class Recorded(subprocess.Popen[bytes]):
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, stdout=subprocess.PIPE, **kwargs)
            runs.append(self)
            assert self.stdout is not None
            self.stdout.readline()
            os.kill(os.getpid(), signal.SIGTERM)  # before the run is known to anybody
            threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGINT)).start()

    monkeypatch.setattr(subprocess, "Popen", Recorded)
    said: list[str] = []
    serve(ours(tmp_path), Schedule("0 0 1 1 *", "UTC"), [], said.append, at_once=True)
    assert said[-1] == "stopped"
    assert [run.returncode for run in runs] == [-signal.SIGKILL]


def test_a_full_disk_does_not_end_the_schedule(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lake = Lake(ours(folder).lake)
    (lake.root / "runs").write_text("no folder")  # cannot be written, as on a full disk
    codes = iter([3, 0])

    def run(arguments: object, stop: object) -> int:
        try:
            return next(codes)
        except StopIteration:
            os.kill(os.getpid(), signal.SIGTERM)
            raise AssertionError("not stopped") from None

    monkeypatch.setattr(serving_module, "_run", run)
    monkeypatch.setattr(serving_module, "_wait_until", lambda due, schedule: None)
    said: list[str] = []
    serve(ours(folder), Schedule("* * * * *", "UTC"), [], said.append, at_once=True)
    text = "\n".join(said)
    assert text.count("warning: `quarterdeck status` will not tell") == 3
    assert "exit code 3" in text and "exit code 0" in text and "stopped" in text


def test_sigterm_ends_a_run_in_good_order(folder: Path) -> None:
    """As `docker stop`, Kubernetes and `kill` do."""
    build_repository(folder / "app", 3)
    fifo = folder / "quarterdeck.toml"
    os.mkfifo(fifo)  # the run waits for its settings
    process = start(folder, "run", "--settings", str(fifo), "app")
    with fifo.open("w") as settings:  # opens once the run reads
        process.send_signal(signal.SIGTERM)
        settings.write("")
    assert "interrupted" in process.communicate(timeout=600)[1]
    assert process.returncode == 130


@pytest.mark.skipif(not EXAMPLES.is_dir(), reason="the examples are not in a wheel")
def test_the_examples_call_what_there_is() -> None:
    """Every command line of ours in the examples is one that the command understands."""
    commands = set(cli.main.commands)
    found = 0
    for path in EXAMPLES.iterdir():
        for line in path.read_text().splitlines():
            words = line.replace("[", " ").replace(",", " ").split()
            for word, following in pairwise(words):
                if word.endswith("bin/quarterdeck") or (word == "quarterdeck" and "args" in line):
                    assert following in commands, line
                    found += 1
    assert found >= 4
