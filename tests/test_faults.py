"""Faults of disk and clock during the whole job, with real processes.

`benchmarks/faults.py` and `benchmarks/kills.py` do this at many more moments; docs/reliability.md
has their figures.
"""

import json
import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from pipeline_fixtures import build_repository, database, marts, quarterdeck

pytestmark = pytest.mark.slow

RELEASES = """[[releases]]
date = 2023-08-01
name = "{}"
source = "made up"
"""


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a repository of 6 changes, what a run made of it, and 3 changes more."""
    folder = tmp_path_factory.mktemp("published")
    build_repository(folder / "app", 6)
    done = quarterdeck(folder, "run", folder / "app")
    assert done.returncode == 0, done.stderr
    shutil.rmtree(folder / "app")
    build_repository(folder / "app", 9)
    return folder


@pytest.fixture(scope="module")
def expected(published: Path, tmp_path_factory: pytest.TempPathFactory) -> object:
    """The marts of a run that nothing disturbs."""
    folder = tmp_path_factory.mktemp("undisturbed")
    done = quarterdeck(folder, "run", published / "app", "--no-report")
    assert done.returncode == 0, done.stderr
    return marts(database(folder))


@contextmanager
def mounted(place: Path, *options: str) -> Iterator[None]:
    place.mkdir(exist_ok=True)
    done = subprocess.run(
        ["mount", "-t", "tmpfs", *options, "tmpfs", str(place)], capture_output=True, check=False
    )
    if done.returncode != 0:
        pytest.skip("a disk of its own cannot be mounted here: needs root")
    try:
        yield
    finally:
        subprocess.run(["umount", str(place)], check=True)


@pytest.mark.skipif(shutil.which("mount") is None, reason="there is no mount command")
def test_a_full_and_a_read_only_disk_lose_nothing(
    published: Path, expected: object, tmp_path: Path
) -> None:
    disk = tmp_path / "disk"
    with mounted(disk, "-o", "size=200m"):
        shutil.copytree(published / ".quarterdeck", disk / ".quarterdeck")
        before = marts(database(disk))
        page = (disk / ".quarterdeck/reports/report.html").read_bytes()
        filler = disk / "filler"
        # room for the lake's parts and the beginning of the database
        room = shutil.disk_usage(disk).free - 3_000_000
        filler.write_bytes(b"\0" * room)
        full = quarterdeck(disk, "run", published / "app")
        assert full.returncode == 3, full.stderr
        assert "Traceback" not in full.stderr
        assert "space" in full.stderr
        assert marts(database(disk)) == before
        assert (disk / ".quarterdeck/reports/report.html").read_bytes() == page
        assert not list((disk / ".quarterdeck").glob(".*.building*"))
        filler.unlink()

        remount = ["mount", "-o", "remount,ro", str(disk)]
        if subprocess.run(remount, capture_output=True, check=False).returncode == 0:
            sealed = quarterdeck(disk, "run", published / "app")
            assert sealed.returncode == 3, sealed.stderr
            assert "cannot be written" in sealed.stderr and "Traceback" not in sealed.stderr
            assert marts(database(disk)) == before
            subprocess.run(["mount", "-o", "remount,rw", str(disk)], check=True)

        done = quarterdeck(disk, "run", published / "app", "--no-report")
        assert done.returncode == 0, done.stderr
        assert marts(database(disk)) == expected


def test_a_clock_that_was_set_back(published: Path, expected: object, tmp_path: Path) -> None:
    """All that was kept is dated years ahead: as if the clock had been, and was put right."""
    shutil.copytree(published / ".quarterdeck", tmp_path / ".quarterdeck")
    ahead = time.time() + 5 * 365 * 86_400
    for path in (tmp_path / ".quarterdeck").rglob("*"):
        os.utime(path, (ahead, ahead))
    state = tmp_path / ".quarterdeck/lake/runs/last.json"
    told = json.loads(state.read_text()) | {"started_at": "2099-01-01T00:00:00+00:00"}
    state.write_text(json.dumps(told))
    done = quarterdeck(tmp_path, "run", published / "app", "--no-report")
    assert done.returncode == 0, done.stderr
    assert marts(database(tmp_path)) == expected
    assert quarterdeck(tmp_path, "status", "--max-age", "1h").returncode == 0


def test_a_lake_of_the_version_before(published: Path, expected: object, tmp_path: Path) -> None:
    """Without checksums, states of runs and times of success: as 0.1.0 began to write them."""
    shutil.copytree(published / ".quarterdeck", tmp_path / ".quarterdeck")
    lake = tmp_path / ".quarterdeck/lake"
    for name in ("checksums", "runs"):
        shutil.rmtree(lake / name)
    for path in (lake / "outcomes").iterdir():
        outcome = json.loads(path.read_text())
        del outcome["succeeded_at"]
        path.write_text(json.dumps(outcome))
    done = quarterdeck(tmp_path, "run", published / "app", "--no-report")
    assert done.returncode == 0, done.stderr
    assert "3 new commits, 3 diffed" in done.stderr
    assert marts(database(tmp_path)) == expected


def test_changed_settings_mine_nothing_again(published: Path, tmp_path: Path) -> None:
    shutil.copytree(published / ".quarterdeck", tmp_path / ".quarterdeck")
    done = quarterdeck(tmp_path, "run", published / "app", "--no-report")
    assert done.returncode == 0, done.stderr
    parts = {p: p.stat().st_mtime_ns for p in (tmp_path / ".quarterdeck/lake").rglob("*.parquet")}
    (tmp_path / "quarterdeck.toml").write_text('time_zone = "Asia/Tokyo"\nmerge_window_days = 7\n')
    again = quarterdeck(tmp_path, "run", published / "app", "--no-report")
    assert again.returncode == 0, again.stderr
    assert "nothing new; 9 landed changes" in again.stderr
    assert re.search(r"built \d+ tables and views, \d+ of them as before", again.stderr)
    whole = quarterdeck(tmp_path, "run", published / "app", "--no-report", "--rebuild")
    assert whole.returncode == 0 and "as before" not in whole.stderr
    after = {p: p.stat().st_mtime_ns for p in (tmp_path / ".quarterdeck/lake").rglob("*.parquet")}
    assert after == parts
    (tmp_path / "quarterdeck.toml").write_text(
        'time_zone = "Asia/Tokyo"\nmerge_window_days = 7\njobs = 1\nclones_keep_days = 3\n'
    )
    same = quarterdeck(tmp_path, "run", published / "app", "--no-report")
    assert "database: nothing new" in same.stderr


def test_changed_marks_renew_the_report_alone(published: Path, tmp_path: Path) -> None:
    (tmp_path / "releases.toml").write_text(RELEASES.format("Deckhand 1"))
    (tmp_path / "quarterdeck.toml").write_text('release_marks = "releases.toml"\n')
    assert quarterdeck(tmp_path, "run", published / "app").returncode == 0
    report = tmp_path / ".quarterdeck/reports/report.html"
    assert "Deckhand 1" in report.read_text("utf-8")
    same = quarterdeck(tmp_path, "run", published / "app")
    assert "wrote the report" not in same.stderr
    (tmp_path / "releases.toml").write_text(RELEASES.format("Deckhand 2"))
    again = quarterdeck(tmp_path, "run", published / "app")
    assert "database: nothing new" in again.stderr and "wrote the report" in again.stderr
    assert "Deckhand 2" in report.read_text("utf-8")
    (tmp_path / "releases.toml").unlink()
    gone = quarterdeck(tmp_path, "run", published / "app")
    assert gone.returncode == 3 and "releases.toml" in gone.stderr
    assert "Deckhand 2" in report.read_text("utf-8")
