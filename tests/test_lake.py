"""The lake: whole parts or none, whoever writes, dies or runs out of space."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random

import polars as pl
import pytest
from git_fixtures import RepositoryBuilder
from mined import content, git_changes, mine, mined_changes

from quarterdeck.extractors.errors import LakeError, LakeVersionError, LakeWriteError
from quarterdeck.extractors.lake import Lake
from quarterdeck.extractors.lake_files import LAKE_VERSION, MACHINE
from quarterdeck.extractors.outcomes import outcomes, write_outcome
from quarterdeck.extractors.schemas import SNAPSHOT_TABLES, TABLES

MINE = [sys.executable, str(Path(__file__).with_name("mine_in_process.py"))]


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> RepositoryBuilder:
    built = RepositoryBuilder(tmp_path_factory.mktemp("history") / "app")
    for n in range(60):
        built.commit({f"f{n % 7}": b"%d\n" % n * (n + 1)})
    return built


@pytest.fixture(scope="module")
def undisturbed(
    repository: RepositoryBuilder, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, list[tuple[object, ...]]]:
    lake = tmp_path_factory.mktemp("undisturbed")
    mine(repository.path, lake)
    return content(lake)


def _start(repository: RepositoryBuilder, lake: Path, *limit: str) -> "subprocess.Popen[str]":
    command = [*MINE, str(repository.path), str(lake), *limit]
    return subprocess.Popen(command, stderr=subprocess.PIPE, text=True)


def _parts(lake: Path) -> list[Path]:
    return sorted(lake.rglob("*.parquet"))


def test_killed_runs_leave_whole_parts_and_the_next_one_goes_on(
    repository: RepositoryBuilder, undisturbed: object, tmp_path: Path
) -> None:
    random, kills = Random(20230105), 0
    for _ in range(8):
        process = _start(repository, tmp_path)
        already = len(_parts(tmp_path))
        # wait until it writes, then strike at any moment of it
        deadline = time.monotonic() + 600
        while len(_parts(tmp_path)) <= already and process.poll() is None:
            assert time.monotonic() < deadline
            time.sleep(0.001)
        time.sleep(random.random() * 0.02)
        process.kill()
        kills += process.wait() == -signal.SIGKILL
        process.communicate()
        for part in _parts(tmp_path):
            pl.read_parquet(part, glob=False)
    assert kills >= 2

    mine(repository.path, tmp_path)

    assert content(tmp_path) == undisturbed
    assert not list(tmp_path.rglob("*.tmp"))


def test_two_processes_mine_the_same_lake(
    repository: RepositoryBuilder, undisturbed: object, tmp_path: Path
) -> None:
    processes = [_start(repository, tmp_path) for _ in range(2)]

    assert [process.communicate()[1] for process in processes] == ["", ""]

    assert content(tmp_path) == undisturbed
    assert Lake(tmp_path).read("commit_diffs", "app").height == 60


def test_two_machines_without_a_common_lock(
    repository: RepositoryBuilder, undisturbed: object, tmp_path: Path
) -> None:
    """Parts that came from another lake stand beside our own; keys make that harmless."""
    mine(repository.path, tmp_path / "ours")
    assert _start(repository, tmp_path / "theirs").communicate()[1] == ""  # other part sizes
    for part in _parts(tmp_path / "theirs"):
        target = tmp_path / "ours" / part.relative_to(tmp_path / "theirs")
        if not target.exists():
            part.rename(target)

    result = mine(repository.path, tmp_path / "ours")

    assert result.nothing_new
    assert content(tmp_path / "ours") == undisturbed


def test_no_room_for_a_part(
    repository: RepositoryBuilder, undisturbed: object, tmp_path: Path
) -> None:
    """Files may not grow beyond 3 kB here: what a full disk does, on any machine."""
    process = _start(repository, tmp_path, "3000")

    told = process.communicate()[1]

    assert process.returncode == 1 and told.startswith("LakeWriteError: ")
    assert "cannot be written" in told and "free some space" in told
    assert not list(tmp_path.rglob("*.tmp"))
    mine(repository.path, tmp_path)
    assert content(tmp_path) == undisturbed


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    disk = tmp_path / "disk"
    disk.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(disk)]
    try:
        done = subprocess.run(command, capture_output=True, check=False)
    except FileNotFoundError:
        pytest.skip("there is no mount command")
    if done.returncode != 0:
        pytest.skip("a small disk cannot be mounted here: needs root")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


def test_a_full_disk(repository: RepositoryBuilder, undisturbed: object, small_disk: Path) -> None:
    process = _start(repository, small_disk / "lake")

    told = process.communicate()[1]

    assert process.returncode == 1 and "No space left on device" in told
    assert told.startswith("LakeWriteError: ") and "free some space" in told
    assert not list(small_disk.rglob("*.tmp"))
    subprocess.run(["mount", "-o", "remount,size=4m", str(small_disk)], check=True)
    mine(repository.path, small_disk / "lake")
    assert content(small_disk / "lake") == undisturbed


def test_a_folder_that_cannot_be_written(repository: RepositoryBuilder, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(LakeWriteError, match="make the folder writable"):
        Lake(tmp_path / "file" / "lake")

    mine(repository.path, tmp_path / "lake")
    locks = tmp_path / "lake" / "locks"
    for lock in locks.iterdir():
        lock.unlink()
    locks.rmdir()
    locks.write_text("")
    with pytest.raises(LakeWriteError, match=r"locks/app\.lock: cannot be written"):
        mine(repository.path, tmp_path / "lake")


@pytest.mark.skipif(os.geteuid() != 0, reason="becoming another user needs root")
def test_a_folder_of_another_user(repository: RepositoryBuilder) -> None:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        script = (
            "import sys; from quarterdeck.extractors.lake import Lake; from pathlib import Path\n"
            "from quarterdeck.extractors.errors import LakeWriteError\n"
            "import os; os.setuid(65534)\n"
            "try: Lake(Path(sys.argv[1], 'lake'))\n"
            "except LakeWriteError as error: sys.exit(str(error))\n"
        )
        done = subprocess.run(
            [sys.executable, "-c", script, folder], capture_output=True, text=True, check=False
        )
    assert done.returncode == 1
    assert "Permission denied" in done.stderr and "make the folder writable" in done.stderr


def test_an_error_of_the_body_is_not_taken_for_one_of_the_lock(tmp_path: Path) -> None:
    with pytest.raises(PermissionError, match="its own"), Lake(tmp_path).lock("app"):
        raise PermissionError("its own")
    with Lake(tmp_path).lock("app"):
        pass


def test_a_lake_of_a_newer_version_is_not_touched(tmp_path: Path) -> None:
    version = tmp_path / "lake.json"
    version.write_text(json.dumps({"quarterdeck_lake": LAKE_VERSION + 1}))

    with pytest.raises(LakeVersionError, match="upgrade Quarterdeck"):
        Lake(tmp_path)

    assert [path.name for path in tmp_path.iterdir()] == ["lake.json"]


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"quarterdeck_lake": "1"}'])
def test_a_version_file_that_tells_nothing(tmp_path: Path, text: str) -> None:
    (tmp_path / "lake.json").write_text(text)
    with pytest.raises(LakeError, match=r"lake\.json: .*restore"):
        Lake(tmp_path)


def test_parts_without_a_version_are_no_lake(tmp_path: Path) -> None:
    (tmp_path / "commits" / "app").mkdir(parents=True)
    (tmp_path / "commits" / "app" / "0.parquet").write_bytes(b"")
    with pytest.raises(LakeError, match=r"but no lake\.json"):
        Lake(tmp_path)
    with pytest.raises(LakeError, match="no lake here"):
        Lake(tmp_path, create=False)


def test_a_damaged_part_is_named_with_the_remedy(
    repository: RepositoryBuilder, undisturbed: object, tmp_path: Path
) -> None:
    mine(repository.path, tmp_path)
    part = Lake(tmp_path).parts("file_changes", "app")[0]
    part.write_bytes(part.read_bytes()[:-20])
    with pytest.raises(LakeError, match="remove this file and run") as told:
        Lake(tmp_path).read("file_changes", "app")
    assert str(part) in str(told.value)

    part.unlink()
    mine(repository.path, tmp_path)

    assert content(tmp_path) == undisturbed


def test_names_of_any_kind_stay_apart(tmp_path: Path) -> None:
    lake, expected = tmp_path / "lake", {}
    for number, name in enumerate(["a/b", "a%2Fb", "..", "*", "\u00e9 \n"]):
        built = RepositoryBuilder(tmp_path / str(number))
        built.commit({"a": b"1\n" * (number + 1)})
        mine(built.path, lake, name)
        expected[name] = git_changes(built)

    assert Lake(lake).repository_ids() == sorted(expected)
    assert {name: mined_changes(lake, name) for name in expected} == expected
    assert {path.name for path in tmp_path.iterdir()} == {"lake", *"01234"}


def test_two_snapshots_are_kept_and_every_table_has_its_schema(tmp_path: Path) -> None:
    built = RepositoryBuilder(tmp_path / "app")
    for n in range(4):
        built.commit({"a": b"%d\n" % n})
        mine(built.path, tmp_path / "lake")

    lake = Lake(tmp_path / "lake")
    for name in TABLES:
        assert lake.read(name, "app").schema == TABLES[name]
        assert lake.read(name, "not mined").schema == TABLES[name]
    for name in SNAPSHOT_TABLES:
        names = sorted(path.name for path in (lake.root / name / "app").iterdir())
        assert names == ["00000003.parquet", "00000004.parquet"]


def test_outcomes_of_the_last_run(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    write_outcome(lake, "a/b", "no such folder")
    write_outcome(lake, "c", "broken")
    write_outcome(lake, "c", None)

    assert outcomes(lake) == {"a/b": "no such folder"}


def test_half_written_records_of_killed_runs_are_removed(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    lake.write_note("cursors", "app", {"at": 1})
    dead = subprocess.Popen(["true"])
    dead.wait()
    old = time.time() - 3600
    left = {}
    for name, process, age in (("dead", dead.pid, old), ("alive", os.getpid(), old)):
        left[name] = tmp_path / "cursors" / f".app.json.{MACHINE}.{process}.tmp"
        left[name].write_text("{")
        os.utime(left[name], (age, age))
    young = tmp_path / "cursors" / f".lib.json.{MACHINE}.{dead.pid}.tmp"
    young.write_text("{")
    with lake.lock("app"):
        assert not left["dead"].exists()
        assert left["alive"].exists() and young.exists()
    assert lake.read_note("cursors", "app") == {"at": 1}
