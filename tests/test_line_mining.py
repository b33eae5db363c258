"""The life of lines in the lake: followed once, gone on with, and right whatever moved."""

import shutil
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest
from git_fixtures import RepositoryBuilder
from mined import mine, table

import quarterdeck.sql
from quarterdeck.extractors import line_lifetimes, line_mining, mining
from quarterdeck.extractors.git_history import read_history
from quarterdeck.extractors.lake import Lake
from quarterdeck.extractors.line_lifetimes import follow_lines, line_lives
from quarterdeck.extractors.repository import open_repository

LIVES = [
    "birth_commit_id", "birth_path", "origin_commit_id", "origin_path", "death_commit_id",
    "fate", "lines",
]  # fmt: skip


@pytest.fixture
def repository(tmp_path: Path) -> RepositoryBuilder:
    built = RepositoryBuilder(tmp_path / "app")
    _add(built, 12)
    return built


@pytest.fixture
def lake(tmp_path: Path) -> Path:
    return tmp_path / "lake"


def _add(repository: RepositoryBuilder, commits: int) -> None:
    for _ in range(commits):
        n = repository.commits
        lines = [f"line {at} of file {n % 3}, kept {at * 7 % (n + 2)}" for at in range(n % 5 + 3)]
        repository.commit({f"f{n % 3}.py": "\n".join(lines).encode() + b"\n"})


def lives_in(lake: Path) -> list[tuple[Any, ...]]:
    """The lives of lines as the database has them, from the SQL itself."""
    folder = Path(quarterdeck.sql.__path__[0])
    files = [
        "raw/repositories", "raw/landings", "raw/commit_diffs", "raw/problems", "raw/line_runs",
        "raw/line_changes", "raw/line_deaths", "staging/landings", "staging/commit_diffs",
        "staging/line_changes", "staging/line_lives",
    ]  # fmt: skip
    opened = Lake(lake)
    with duckdb.connect() as connection:
        connection.execute("create schema raw; create schema staging")
        for name in (file.partition("/")[2] for file in files if file.startswith("raw/")):
            frames = [pl.read_parquet(part, glob=False) for part in opened.parts(name, "app")]
            frame = pl.concat(frames) if frames else opened.read(name, "app")
            connection.register("frame", frame.to_arrow())
            connection.execute(f"create table lake_{name} as from frame")
        for file in files:
            connection.execute((folder / f"{file}.sql").read_text())
        columns = ", ".join(LIVES)
        rows = connection.sql(f"select {columns} from staging.line_lives").fetchall()
        changes = connection.sql("select commit_id from raw.line_changes").fetchall()
        assert len(changes) == len(set(changes))
    return sorted(rows, key=repr)


def lives_of(repository: RepositoryBuilder) -> list[tuple[Any, ...]]:
    """The lives of lines of one undisturbed pass."""
    opened = open_repository(repository.path)
    parts = list(follow_lines(opened, "app", read_history(opened)))
    runs = parts[-1].runs
    assert runs is not None
    lives = line_lives(pl.concat([part.deaths for part in parts]), runs).select(LIVES)
    summed = lives.group_by(LIVES[:-1]).agg(pl.col("lines").sum()).select(LIVES)
    return sorted(summed.rows(), key=repr)


def test_lines_are_followed_once(
    repository: RepositoryBuilder, lake: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert mine(repository.path, lake).new_lines == 12
    assert lives_in(lake) == lives_of(repository)
    before = sorted(lake.rglob("*.parquet"))

    def refuse(*_: object) -> None:
        raise AssertionError("a run with nothing new reads no checkpoint")

    monkeypatch.setattr(Lake, "read_line_runs", refuse)
    monkeypatch.setattr(Lake, "line_checkpoints", refuse)
    again = mine(repository.path, lake)

    assert again.nothing_new and again.new_lines == 0
    assert sorted(lake.rglob("*.parquet")) == before


def test_new_changes_alone_are_followed_and_four_checkpoints_stay(
    repository: RepositoryBuilder, lake: Path
) -> None:
    mine(repository.path, lake)
    for _ in range(5):
        _add(repository, 2)
        assert mine(repository.path, lake).new_lines == 2

    assert lives_in(lake) == lives_of(repository)
    chain = repository.git("rev-list", "--first-parent", "HEAD").split()
    kept = {path.stem for path in (lake / "line_runs" / "app").glob("*.parquet")}
    assert kept == {chain[0], chain[2], chain[4], chain[6]}
    assert set(table(lake, "line_runs")["commit_id"]) == {chain[0]}


def test_a_lake_from_before_gets_its_lines_at_the_next_run(
    repository: RepositoryBuilder, lake: Path
) -> None:
    first = mine(repository.path, lake, lines=False)
    assert first.new_lines == 0 and table(lake, "line_changes").is_empty()
    assert lives_in(lake) == []
    assert mine(repository.path, lake, lines=False).nothing_new

    result = mine(repository.path, lake)

    assert (result.new_diffs, result.new_lines) == (0, 12)
    assert lives_in(lake) == lives_of(repository)
    assert mine(repository.path, lake).nothing_new


def test_lines_left_out_for_a_while_are_caught_up_with(
    repository: RepositoryBuilder, lake: Path
) -> None:
    mine(repository.path, lake)
    _add(repository, 2)
    mine(repository.path, lake, lines=False)
    assert lives_in(lake) == []  # what is alive now is not known

    assert mine(repository.path, lake).new_lines == 2
    assert lives_in(lake) == lives_of(repository)


@pytest.mark.parametrize("killed_at", range(1, 9))
def test_a_run_killed_between_any_two_files(
    repository: RepositoryBuilder, lake: Path, monkeypatch: pytest.MonkeyPatch, killed_at: int
) -> None:
    monkeypatch.setattr(line_lifetimes, "_PART_CHANGES", 4)
    monkeypatch.setattr(line_lifetimes, "_CHECKPOINT_CHANGES", 8)
    written: list[str] = []
    write = Lake._write

    def dies(self: Lake, name: str, *rest: Any) -> None:
        if name.startswith("line_"):
            written.append(name)
            if len(written) == killed_at:
                raise KeyboardInterrupt
        write(self, name, *rest)

    with monkeypatch.context() as patch:
        patch.setattr(Lake, "_write", dies)
        with pytest.raises(KeyboardInterrupt):
            mine(repository.path, lake)
    assert lives_in(lake) == []
    _add(repository, 1)  # so that parts are cut elsewhere

    mine(repository.path, lake)

    assert lives_in(lake) == lives_of(repository)
    assert mine(repository.path, lake).nothing_new


def test_a_force_push_leaves_rows_that_do_not_count(
    repository: RepositoryBuilder, lake: Path
) -> None:
    mine(repository.path, lake)
    _add(repository, 2)
    mine(repository.path, lake)
    gone = repository.git("rev-list", "--max-count=2", "HEAD").split()
    repository.ref("refs/heads/main", f"{gone[1]}^")
    repository.commit({"f0.py": b"all else\n", "f1.py": None})

    assert mine(repository.path, lake).new_lines == 1

    assert set(gone) <= set(table(lake, "line_changes")["commit_id"])
    assert lives_in(lake) == lives_of(repository)
    repository.ref("refs/heads/main", gone[0])  # and back
    result = mine(repository.path, lake)
    assert result.new_lines == 0
    assert lives_in(lake) == lives_of(repository)


def test_a_history_rewritten_from_its_root(repository: RepositoryBuilder, lake: Path) -> None:
    mine(repository.path, lake)
    repository.git("update-ref", "-d", "refs/heads/main")
    _add(repository, 3)

    assert mine(repository.path, lake).new_lines == 3
    assert lives_in(lake) == lives_of(repository)


def test_a_shallow_clone_that_is_deepened(
    repository: RepositoryBuilder, lake: Path, tmp_path: Path
) -> None:
    shallow = RepositoryBuilder(tmp_path / "shallow" / "app")
    url = f"file://{repository.path}"
    shallow.git("fetch", "-q", "--depth=5", url, "main:refs/heads/main", "--update-head-ok")
    mine(shallow.path, lake)
    assert lives_in(lake) == lives_of(shallow)
    assert None in {birth for birth, *_ in lives_in(lake)}
    shallow.git("fetch", "-q", "--depth=8", url, "main")
    mine(shallow.path, lake)
    assert lives_in(lake) == lives_of(shallow)
    shallow.git("fetch", "-q", "--unshallow", url, "main")

    mine(shallow.path, lake)

    assert lives_in(lake) == lives_of(repository)
    assert None not in {birth for birth, *_ in lives_in(lake)}


def test_a_full_history_that_is_cloned_again_shallow(
    repository: RepositoryBuilder, lake: Path, tmp_path: Path
) -> None:
    mine(repository.path, lake)
    full = lives_of(repository)
    shallow = RepositoryBuilder(tmp_path / "shallow" / "app")
    url = f"file://{repository.path}"
    shallow.git("fetch", "-q", "--depth=5", url, "main:refs/heads/main", "--update-head-ok")

    result = mine(shallow.path, lake)

    assert result.new_lines == 0  # the lake knows more than the clone
    alive = [row for row in full if row[5] == "alive"]
    assert [row for row in lives_in(lake) if row[5] == "alive"] == alive


def test_blobs_that_come_later(lake: Path, tmp_path: Path) -> None:
    repository = RepositoryBuilder(tmp_path / "app")
    body = b"".join(b"line %d\n" % at for at in range(9))
    repository.commit({"a.py": body, "b.py": b"base\n"})
    second = repository.commit({"a.py": body + b"more\n"})
    repository.commit({"a.py": body + b"more\nyet\n"})
    repository.commit({"b.py": b"base\nmore\n"})
    blob = repository.blob(second, "a.py")
    loose = repository.git_dir / "objects" / blob[:2] / blob[2:]
    kept = shutil.copy(loose, tmp_path / "kept")
    repository.remove_object(blob)
    mine(repository.path, lake)
    assert {row[5] for row in lives_in(lake)} == {"lost", "alive"}
    assert mine(repository.path, lake).nothing_new
    shutil.copy(kept, loose)

    mine(repository.path, lake)

    assert lives_in(lake) == lives_of(repository)
    assert {row[5] for row in lives_in(lake)} == {"alive"}
    assert mine(repository.path, lake).nothing_new


def test_blobs_that_come_later_and_a_kill_right_then(
    lake: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository = RepositoryBuilder(tmp_path / "app")
    repository.commit({"a.py": b"1\n"})
    second = repository.commit({"a.py": b"1\n2\n"})
    repository.commit({"a.py": b"1\n2\n3\n"})
    blob = repository.blob(second, "a.py")
    loose = repository.git_dir / "objects" / blob[:2] / blob[2:]
    kept = shutil.copy(loose, tmp_path / "kept")
    repository.remove_object(blob)
    mine(repository.path, lake)
    shutil.copy(kept, loose)

    def dies(*_: object, **__: object) -> int:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(mining, "mine_lines", dies)
        with pytest.raises(KeyboardInterrupt):
            mine(repository.path, lake)
    mine(repository.path, lake)

    assert lives_in(lake) == lives_of(repository)


@pytest.mark.parametrize("name", ["line_deaths", "line_changes", "line_runs"])
def test_a_part_that_was_removed_is_followed_again(
    repository: RepositoryBuilder, lake: Path, name: str
) -> None:
    mine(repository.path, lake)
    _add(repository, 3)
    mine(repository.path, lake)
    for part in Lake(lake).parts(name, "app")[:1]:
        part.unlink()

    mine(repository.path, lake)

    assert lives_in(lake) == lives_of(repository)
    assert mine(repository.path, lake).nothing_new


def test_a_tree_without_files_and_an_empty_history(lake: Path, tmp_path: Path) -> None:
    repository = RepositoryBuilder(tmp_path / "app")
    repository.commit({"a.py": b"1\n"})
    repository.commit({"a.py": None})
    mine(repository.path, lake)
    assert [row[5:] for row in lives_in(lake)] == [("deleted", 1)]
    assert mine(repository.path, lake).nothing_new
    repository.commit({"b.py": b"1\n2\n"})
    assert mine(repository.path, lake).new_lines == 1
    assert lives_in(lake) == lives_of(repository)


def test_a_tip_that_cannot_be_read_is_not_counted_as_new_each_time(
    repository: RepositoryBuilder, lake: Path
) -> None:
    mine(repository.path, lake)
    last = repository.commit({"f0.py": b"new\n"})
    repository.remove_object(repository.git("rev-parse", f"{last}^{{tree}}"))
    mine(repository.path, lake)
    before = sorted(lake.rglob("*.parquet"))

    assert mine(repository.path, lake).nothing_new
    assert sorted(lake.rglob("*.parquet")) == before
    repository.commit({"f0.py": b"new\nand more\n"}, parents=[f"{last}^"])
    mine(repository.path, lake)
    assert lives_in(lake) == lives_of(repository)


def test_progress_tells_landed_changes(repository: RepositoryBuilder, lake: Path) -> None:
    told: list[tuple[int, int]] = []
    opened = open_repository(repository.path)
    mining.mine_repository(
        opened, "app", Lake(lake), lines_progress=lambda done, total: told.append((done, total))
    )
    assert told[-1] == (12, 12)
    assert not line_mining.lines_are_due(opened, "app", Lake(lake))
