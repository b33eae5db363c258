"""A scheduled run, for real: Prefect server, worker, deployment, two runs on a one-minute cron.

    python -m benchmarks.scheduled SCRATCH

Starts a Prefect server on a free port of this machine and a process worker, deploys `prefect.yaml`
with its nightly schedule set to every minute, and waits for two scheduled runs. Between them the
repository gains a landed change, and a reader opens the first database, which it holds until the
end. Checked: both runs Completed and started by the schedule, the second one renewed database and
report, the reader still reads what it opened, artifacts and parameters' descriptions are there,
`quarterdeck status` names the next run. Prints a timeline.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

import duckdb

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))
from pipeline_fixtures import COMMAND, build_repository, database, environment

PROJECT = Path(__file__).parent.parent
COUNT = "select landed_changes from marts.report_facts"
START = time.monotonic()


def say(text: str) -> None:
    """Print a line with the seconds since the start."""
    print(f"{time.monotonic() - START:6.1f} s  {text}", flush=True)


class Place:
    """The processes of a Prefect installation of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.api = f"http://127.0.0.1:{self.port}/api"
        self.environment = environment(
            PREFECT_HOME=str(folder / "prefect"),
            PREFECT_API_URL=self.api,
            PREFECT_SERVER_ANALYTICS_ENABLED="false",
            DO_NOT_TRACK="1",
            QUARTERDECK_SETTINGS=str(folder / "quarterdeck.toml"),
        )
        self.processes: list[subprocess.Popen[bytes]] = []

    def prefect(self, *arguments: str, cwd: Path | None = None) -> str:
        """Run a prefect command to its end."""
        done = subprocess.run(
            [sys.executable, "-m", "prefect", *arguments],
            cwd=cwd or self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            check=False,
        )
        assert done.returncode == 0, (arguments, done.stdout, done.stderr)
        return done.stdout

    def start(self, name: str, *arguments: str) -> None:
        """Start a prefect command that goes on."""
        self.processes.append(
            subprocess.Popen(
                [sys.executable, "-m", "prefect", *arguments],
                cwd=self.folder,
                env=self.environment,
                stdout=(self.folder / f"{name}.log").open("wb"),
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )
        )

    def ask(self, path: str, **body: Any) -> Any:
        """POST to the server."""
        request = urllib.request.Request(
            f"{self.api}/{path}",
            json.dumps(body).encode(),
            {"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)

    def wait_for_server(self) -> None:
        """Until the server is healthy."""
        while True:
            try:
                urllib.request.urlopen(f"{self.api}/health", timeout=5).close()
                return
            except OSError:
                assert self.processes[0].poll() is None, "the server ended"
                time.sleep(0.5)

    def stop(self) -> None:
        """End what was started."""
        for process in reversed(self.processes):
            os.killpg(process.pid, signal.SIGTERM)
        for process in self.processes:
            try:
                process.wait(timeout=30)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)


def every_minute(folder: Path) -> Path:
    """A copy of prefect.yaml in which the nightly deployment runs each minute."""
    text = (PROJECT / "prefect.yaml").read_text(encoding="utf-8")
    assert text.count('cron: "15 2 * * *"') == 1
    place = folder / "deploy"
    place.mkdir()
    (place / "prefect.yaml").write_text(text.replace('cron: "15 2 * * *"', 'cron: "* * * * *"'))
    return place


def ended_runs(place: Place) -> list[dict[str, Any]]:
    """Scheduled runs of the nightly deployment that have ended, oldest first."""
    runs: list[dict[str, Any]] = place.ask(
        "flow_runs/filter",
        flow_runs={"state": {"type": {"any_": ["COMPLETED", "FAILED", "CRASHED"]}}},
        deployments={"name": {"any_": ["nightly"]}},
        sort="EXPECTED_START_TIME_ASC",
    )
    return runs


def wait_for_runs(place: Place, count: int) -> list[dict[str, Any]]:
    """Until so many scheduled runs have ended."""
    limit = time.monotonic() + 400
    while len(runs := ended_runs(place)) < count:
        assert time.monotonic() < limit, (place.folder / "worker.log").read_text()[-3000:]
        time.sleep(1)
    return runs


def made(folder: Path) -> list[int]:
    """When database and report were written."""
    report = folder / ".quarterdeck/reports/report.html"
    return [database(folder).stat().st_mtime_ns, report.stat().st_mtime_ns]


def go(place: Place) -> None:
    """The whole story."""
    folder = place.folder
    app = build_repository(folder / "app", 12)
    (folder / "quarterdeck.toml").write_text(
        f'organisation = "Acme"\n[[repositories]]\nurl = "file://{app.path}"\n'
    )
    place.start("server", "server", "start", "--host", "127.0.0.1", "--port", str(place.port))
    place.wait_for_server()
    say("the server answers")
    place.prefect("work-pool", "create", "--type", "process", "quarterdeck")
    place.prefect("--no-prompt", "deploy", "--all", cwd=every_minute(folder))
    say("work pool and deployments are there")
    place.start("worker", "worker", "start", "--pool", "quarterdeck")
    first = wait_for_runs(place, 1)[0]
    say(f"first run {first['state']['name']}: {first['total_run_time']:.1f} s")
    assert first["state"]["type"] == "COMPLETED", first["state"]
    before = made(folder)
    reader = duckdb.connect(str(database(folder)), read_only=True)
    assert reader.sql(COUNT).fetchall() == [(12,)]
    app.commit({"src/late.py": b"value = 1\n"}, "Add late (#13)", date="2024-07-01T12:00:00+00:00")
    known = len(ended_runs(place))
    say("a reader holds the database; the repository has a change more")
    runs = wait_for_runs(place, known + 2)  # one may have been under way
    for run in runs[known:]:
        say(f"further run {run['state']['name']}: {run['total_run_time']:.1f} s")
    assert all(run["state"]["type"] == "COMPLETED" and run["auto_scheduled"] for run in runs)
    assert all(new > old for new, old in zip(made(folder), before, strict=True))
    # in a process of its own: within one, DuckDB hands out the database that is open already
    query = subprocess.run(
        [*COMMAND, "query", COUNT, "--format", "csv", "--database", database(folder)],
        capture_output=True,
        text=True,
        check=True,
    )
    say(f"the new database has {query.stdout.split()[1]} landed changes")
    assert query.stdout.split()[1] == "13"
    assert reader.sql(COUNT).fetchall() == [(12,)]
    say("the reader still reads the 12 of the database that it opened")
    tell_prefect(place)
    done = subprocess.run(
        [*COMMAND, "status", "--max-age", "10m", "--settings", "quarterdeck.toml"],
        cwd=folder,
        env=place.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    print(done.stdout, done.stderr, sep="", end="")
    assert done.returncode == 0 and "Prefect deployment nightly" in done.stdout


def tell_prefect(place: Place) -> None:
    """What Prefect's UI shows: artifacts, and parameters with descriptions."""
    keys = {artifact["key"] for artifact in place.ask("artifacts/filter")}
    say(f"artifacts: {', '.join(sorted(keys))}")
    assert keys >= {"quarterdeck-summary", "quarterdeck-report", "quarterdeck-data-quality"}
    for deployment in place.ask("deployments/filter"):
        parameters = deployment["parameter_openapi_schema"]["properties"]
        assert all(value.get("description") for value in parameters.values()), parameters
        say(f"deployment {deployment['name']}: {len(parameters)} parameters, each described")


def main(scratch: str) -> None:
    """Run it, and end what it started."""
    folder = Path(scratch).absolute()
    folder.mkdir(parents=True)
    place = Place(folder)
    try:
        go(place)
    finally:
        place.stop()


if __name__ == "__main__":
    main(sys.argv[1])
