"""The main job as a process: what a second run, a failure, a kill or a neighbour does to it."""

import shutil
import signal
import subprocess
import sys
from pathlib import Path

import duckdb
import polars as pl
import pytest
from pipeline_fixtures import (
    COMMAND,
    build_repository,
    database,
    environment,
    marts,
    quarterdeck,
    start,
)

COUNT = "select landed_changes from marts.report_facts"
#: Lines on standard error after which a run is killed: in the build, after it, and at publishing.
KILL_AFTER = ("commits diffed", "building: ", "built ", "estimated ")


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with repository `app` of 12 changes and what a run made of it."""
    folder = tmp_path_factory.mktemp("published")
    build_repository(folder / "app")
    done = quarterdeck(folder, "run", "app")
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture
def folder(published: Path, tmp_path: Path) -> Path:
    """A copy of `published` of one's own."""
    copy = tmp_path / "copy"
    shutil.copytree(published, copy)
    return copy


def count(path: Path) -> int:
    """Landed changes in a database."""
    with duckdb.connect(str(path), read_only=True) as connection:
        return int(connection.sql(COUNT).fetchall()[0][0])


def made(folder: Path) -> list[tuple[int, int]]:
    """What tells whether database and report were written again."""
    outputs = (database(folder), folder / ".quarterdeck/reports/report.html")
    return [(path.stat().st_ino, path.stat().st_mtime_ns) for path in outputs]


def test_a_second_run_makes_nothing_again(published: Path) -> None:
    before = made(published)
    done = quarterdeck(published, "run", "app")
    assert done.returncode == 0
    assert made(published) == before
    assert "app: nothing new; 12 landed changes" in done.stderr
    assert "database: nothing new" in done.stderr
    assert "built" not in done.stderr and "wrote the report" not in done.stderr


def test_a_repository_that_fails_stops_no_other(folder: Path) -> None:
    build_repository(folder / "lib", 5)
    (folder / "bare folder").mkdir()
    done = quarterdeck(folder, "run", "gone", "lib", "bare folder", "--no-report")
    assert done.returncode == 4
    assert "2 of the repositories could not be mined" in done.stderr
    assert "gone: no such folder" in done.stderr
    assert "bare folder: not a git repository" in done.stderr
    assert "Traceback" not in done.stderr
    rows = {row[0]: row for row in marts(database(folder))["repositories"]}
    assert [sorted(rows), count(database(folder))] == [["bare folder", "gone", "lib"], 5]


def test_a_reader_keeps_what_it_opened(folder: Path) -> None:
    build_repository(folder / "lib", 5)
    code = (
        "import duckdb, sys; c = duckdb.connect(sys.argv[1], read_only=True)\n"
        f"for _ in range(2): print(c.sql('{COUNT}').fetchall()[0][0], flush=True); input()"
    )
    reader = subprocess.Popen(
        [sys.executable, "-c", code, str(database(folder))],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert reader.stdin is not None and reader.stdout is not None
    assert reader.stdout.readline() == "12\n"
    done = quarterdeck(folder, "run", "app", "lib", "--no-report")
    assert done.returncode == 0, done.stderr
    assert count(database(folder)) == 17
    reader.stdin.write("\n")
    reader.stdin.flush()
    assert reader.stdout.readline() == "12\n"
    reader.communicate("\n")


def test_a_writer_who_holds_the_database_does_not_block_a_run(folder: Path) -> None:
    build_repository(folder / "lib", 5)
    code = (
        "import duckdb, sys; c = duckdb.connect(sys.argv[1])\n"
        "print('open', flush=True); input(); c.sql('create table mine as select 1 as a')\n"
        "print('written', flush=True); input()"
    )
    writer = subprocess.Popen(
        [sys.executable, "-c", code, str(database(folder))],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert writer.stdin is not None and writer.stdout is not None
    assert writer.stdout.readline() == "open\n"
    done = quarterdeck(folder, "run", "app", "lib", "--no-report")
    assert done.returncode == 0, done.stderr
    assert count(database(folder)) == 17
    writer.communicate("\n\n")
    assert count(database(folder)) == 17
    assert "mine" not in marts(database(folder))


def kill_after(folder: Path, text: str) -> None:
    """Run, and kill -9 at the first line that holds `text`."""
    process = start(folder, "run", "app", "--no-report", "--rebuild")
    assert process.stderr is not None
    with process:
        for line in process.stderr:
            if text in line:
                process.kill()
        process.stderr.read()
    assert process.returncode == -signal.SIGKILL


def test_killed_runs_leave_no_trace(folder: Path) -> None:
    app = build_repository(folder / "later", 18)
    (folder / "app").rename(folder / "earlier")
    app.path.rename(folder / "app")
    undisturbed = folder / "undisturbed"
    undisturbed.mkdir()
    done = quarterdeck(undisturbed, "run", folder / "app", "--no-report")
    assert done.returncode == 0, done.stderr
    for text in KILL_AFTER:
        kill_after(folder, text)
        assert count(database(folder)) in (12, 18)
    done = quarterdeck(folder, "run", "app", "--no-report")
    assert done.returncode == 0, done.stderr
    assert marts(database(folder)) == marts(database(undisturbed))


@pytest.mark.slow
def test_two_runs_at_once_end_well(tmp_path: Path) -> None:
    build_repository(tmp_path / "app")
    build_repository(tmp_path / "lib", 5)
    both = [start(tmp_path, "run", "app", "lib", "--no-report") for _ in range(2)]
    for process in both:
        _, told = process.communicate(timeout=600)
        assert process.returncode == 0, told
    alone = tmp_path / "alone"
    alone.mkdir()
    done = quarterdeck(alone, "run", tmp_path / "app", tmp_path / "lib", "--no-report")
    assert done.returncode == 0, done.stderr
    assert marts(database(tmp_path)) == marts(database(alone))


def test_a_failed_check_keeps_the_old_database(folder: Path) -> None:
    (part,) = (folder / ".quarterdeck/lake/commit_diffs").rglob("*.parquet")
    pl.read_parquet(part).with_columns(pl.col("added") + 1).write_parquet(part)
    before = database(folder).read_bytes()
    done = quarterdeck(folder, "run", "app", "--rebuild")
    assert done.returncode == 5
    assert "check file_changes_add_up failed: do the lines of the files add up" in done.stderr
    assert done.stderr.count("repository_id=app, commit_id=") >= 1
    assert "The last published database is untouched." in done.stderr
    assert "Traceback" not in done.stderr
    assert database(folder).read_bytes() == before
    assert not list(database(folder).parent.glob(".*.building*"))


@pytest.mark.slow
@pytest.mark.parametrize("place", ["database", "lake", "reports"])
def test_a_place_that_cannot_be_written(published: Path, tmp_path: Path, place: str) -> None:
    (tmp_path / "file").write_text("in the way")
    below = {"database": "file/q.duckdb", "lake": "file/lake", "reports": "file/reports"}
    (tmp_path / "quarterdeck.toml").write_text(f'{place} = "{below[place]}"\n')
    done = quarterdeck(tmp_path, "run", published / "app")
    assert done.returncode == 3, done.stderr
    assert "Traceback" not in done.stderr
    assert str(tmp_path / "file") in done.stderr


def test_an_interrupt_ends_a_run_without_a_traceback(folder: Path) -> None:
    before = database(folder).read_bytes()
    process = start(folder, "run", "app", "--rebuild")
    assert process.stderr is not None
    told = ""
    for line in process.stderr:
        told += line
        if "building: " in line:
            process.send_signal(signal.SIGINT)
            break
    told += process.stderr.read()
    assert process.wait(timeout=600) == 130
    assert "error: interrupted" in told and "Traceback" not in told
    assert database(folder).read_bytes() == before


def test_a_server_that_does_not_answer_is_told_and_not_needed(published: Path) -> None:
    done = subprocess.run(
        [*COMMAND, "run", "app"],
        cwd=published,
        env=environment(
            PREFECT_API_URL="http://127.0.0.1:9/api", PREFECT_HOME=str(published / ".prefect")
        ),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0
    assert "warning: this run is not tracked: the Prefect server at" in done.stderr
    assert "Traceback" not in done.stderr


def test_lines_are_followed_unless_told_otherwise(tmp_path: Path) -> None:
    build_repository(tmp_path / "app")
    query = "select count(*), count(churn30) from marts.survival_cohorts where author_class = 'all'"

    def cohorts() -> tuple[int, int]:
        with duckdb.connect(str(database(tmp_path)), read_only=True) as connection:
            found: tuple[int, int] = connection.sql(query).fetchall()[0]
            return found

    without = quarterdeck(tmp_path, "run", "app", "--no-lines")
    assert without.returncode == 0, without.stderr
    assert "lines" not in without.stderr.partition("built")[0]
    landed, known = cohorts()
    assert landed > 4 and known == 0
    report = tmp_path / ".quarterdeck/reports/report.html"
    assert 'id="figure-survival"' not in report.read_text()

    caught_up = quarterdeck(tmp_path, "run", "app")
    assert caught_up.returncode == 0, caught_up.stderr
    assert "lines of 12 landed changes followed" in caught_up.stderr
    assert "app: lines followed: 12 of 12" in caught_up.stderr
    assert cohorts()[1] > 4
    assert 'id="figure-survival"' in report.read_text()

    (tmp_path / "quarterdeck.toml").write_text("lines = false\n")
    build_repository(tmp_path / "other", changes=5)
    added = quarterdeck(tmp_path, "mine", "app", "other")
    assert added.returncode == 0, added.stderr
    assert "followed" not in added.stderr
    assert quarterdeck(tmp_path, "run", "app").returncode == 0
    assert cohorts()[1] > 4  # what the lake has counts
