"""Mining again: only what is new, and the right answer whatever moved in between."""

from pathlib import Path

import duckdb
import pytest
from git_fixtures import RepositoryBuilder
from mined import content, git_changes, mine, mined_changes, table

import quarterdeck.sql
from quarterdeck.extractors import diff_parts, mining
from quarterdeck.extractors.errors import LakeError
from quarterdeck.extractors.lake import Lake
from quarterdeck.extractors.repository import open_repository
from quarterdeck.extractors.shadow import Shadow


def _repository(path: Path, commits: int = 5) -> RepositoryBuilder:
    repository = RepositoryBuilder(path)
    _add(repository, commits)
    return repository


def _add(repository: RepositoryBuilder, commits: int, branch: str | None = None) -> list[str]:
    first = repository.commits
    return [
        repository.commit({f"f{n % 3}": b"%d\n" % n * (n % 4 + 1)}, branch=branch)
        for n in range(first, first + commits)
    ]


def _landed(lake: Path) -> list[str]:
    """The first-parent chain that the lake holds, oldest first."""
    frame = table(lake, "landings")
    chain = frame.filter(frame["commit_id"] == frame["landed_commit_id"]).sort("position")
    assert chain["position"].to_list() == list(range(chain.height))
    return chain["commit_id"].to_list()


def _chain(repository: RepositoryBuilder, ref: str = "HEAD") -> list[str]:
    return repository.git("rev-list", "--first-parent", "--reverse", ref).split()


@pytest.fixture
def git_started(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The arguments of every git process that mining starts from here on."""
    started: list[str] = []
    start = Shadow.start

    def counted(self, *arguments, **streams):  # type: ignore[no-untyped-def]
        started.append(arguments[0])
        return start(self, *arguments, **streams)

    monkeypatch.setattr(Shadow, "start", counted)
    return started


def test_nothing_new_diffs_nothing(tmp_path: Path, git_started: list[str]) -> None:
    repository = _repository(tmp_path / "app")
    first = mine(repository.path, tmp_path / "lake")
    before = sorted((tmp_path / "lake").rglob("*.parquet"))
    assert (first.new_commits, first.new_diffs, first.landed_changes) == (5, 5, 5)
    git_started.clear()

    again = mine(repository.path, tmp_path / "lake")

    assert again.nothing_new and again.landed_changes == 5
    assert git_started == []
    assert sorted((tmp_path / "lake").rglob("*.parquet")) == before


def test_new_commits_alone_are_diffed(tmp_path: Path) -> None:
    repository = _repository(tmp_path / "app")
    mine(repository.path, tmp_path / "lake")
    _add(repository, 10)

    result = mine(repository.path, tmp_path / "lake")

    assert (result.new_commits, result.new_diffs) == (10, 10)
    assert mined_changes(tmp_path / "lake") == git_changes(repository)
    assert _landed(tmp_path / "lake") == _chain(repository)


def test_a_force_push_replaces_the_chain_and_keeps_what_was_seen(tmp_path: Path) -> None:
    repository = _repository(tmp_path / "app")
    mine(repository.path, tmp_path / "lake")
    gone = _chain(repository)[3:]
    repository.ref("refs/heads/main", _chain(repository)[2])
    _add(repository, 1)

    result = mine(repository.path, tmp_path / "lake")

    assert (result.new_diffs, result.landed_changes) == (1, 4)
    assert _landed(tmp_path / "lake") == _chain(repository)
    assert set(gone) < set(table(tmp_path / "lake", "commits")["commit_id"])


def test_a_history_rewritten_from_its_root(tmp_path: Path) -> None:
    repository = _repository(tmp_path / "app")
    mine(repository.path, tmp_path / "lake")
    repository.git("update-ref", "-d", "refs/heads/main")
    _add(repository, 3)

    result = mine(repository.path, tmp_path / "lake")

    assert (result.new_diffs, result.landed_changes) == (3, 3)
    assert _landed(tmp_path / "lake") == _chain(repository)


def test_another_repository_of_the_same_name_is_refused(tmp_path: Path) -> None:
    mine(_repository(tmp_path / "one" / "app").path, tmp_path / "lake")
    before = content(tmp_path / "lake")
    other = RepositoryBuilder(tmp_path / "two" / "app")
    other.commit({"other": b"1\n"})

    with pytest.raises(LakeError, match="already holds another repository as 'app'"):
        mine(other.path, tmp_path / "lake")

    assert content(tmp_path / "lake") == before


def test_deleted_and_renamed_branches(tmp_path: Path, git_started: list[str]) -> None:
    repository = _repository(tmp_path / "app")
    topic = _add(repository, 2, branch="topic")
    mine(repository.path, tmp_path / "lake")
    repository.git("branch", "-m", "main", "trunk")
    repository.git("branch", "-D", "topic")
    git_started.clear()

    result = mine(repository.path, tmp_path / "lake")

    assert result.nothing_new and git_started == []
    assert table(tmp_path / "lake", "repositories")["default_branch"].to_list() == ["trunk"]
    assert table(tmp_path / "lake", "refs")["ref"].to_list() == ["refs/heads/trunk"]
    assert _landed(tmp_path / "lake") == _chain(repository)
    assert not set(topic) & set(_landed(tmp_path / "lake"))


def test_another_branch_becomes_the_default(tmp_path: Path) -> None:
    repository = _repository(tmp_path / "app")
    mine(repository.path, tmp_path / "lake")
    repository.git("branch", "next", "HEAD~2")
    _add(repository, 2, branch="next")
    repository.git("symbolic-ref", "HEAD", "refs/heads/next")

    result = mine(repository.path, tmp_path / "lake")

    assert (result.new_diffs, result.landed_changes) == (2, 5)
    assert _landed(tmp_path / "lake") == _chain(repository)


def test_a_clone_elsewhere_is_the_same_repository(tmp_path: Path, git_started: list[str]) -> None:
    repository = _repository(tmp_path / "app")
    mine(repository.path, tmp_path / "lake")
    repository.git("clone", "-q", "--mirror", ".", tmp_path / "moved")
    git_started.clear()

    result = mine(tmp_path / "moved", tmp_path / "lake")

    assert result.nothing_new and git_started == []
    assert _landed(tmp_path / "lake") == _chain(repository)


def test_unshallowing_brings_the_boundary(tmp_path: Path) -> None:
    source = _repository(tmp_path / "app")
    clone = tmp_path / "clone"
    source.git("clone", "-q", "--depth=2", f"file://{source.path}", clone)
    mine(clone, tmp_path / "lake")
    assert len(mined_changes(tmp_path / "lake")) == 1
    source.git("-C", clone, "fetch", "-q", "--unshallow")

    result = mine(clone, tmp_path / "lake")

    assert (result.new_commits, result.new_diffs, result.is_shallow) == (3, 4, False)
    assert mined_changes(tmp_path / "lake") == git_changes(source)
    assert table(tmp_path / "lake", "commits")["parent_ids"].list.len().sum() == 4


def _loose(repository: RepositoryBuilder, blob: str) -> Path:
    return repository.git_dir / "objects" / blob[:2] / blob[2:]


def test_blobs_that_arrive_later_give_the_counts(tmp_path: Path, git_started: list[str]) -> None:
    repository = _repository(tmp_path / "app")
    chain = _chain(repository)
    blobs = [repository.blob(chain[1], "f1"), repository.blob(chain[3], "f0")]
    kept = [_loose(repository, blob).read_bytes() for blob in blobs]
    for blob in blobs:
        repository.remove_object(blob)
    mine(repository.path, tmp_path / "lake")
    # f1 of commits 1 and 4, f0 of commit 3
    assert table(tmp_path / "lake", "commit_diffs")["missing_files"].sum() == 3
    git_started.clear()
    assert mine(repository.path, tmp_path / "lake").nothing_new and git_started == []
    _loose(repository, blobs[0]).write_bytes(kept[0])

    assert mine(repository.path, tmp_path / "lake").new_diffs == 2

    assert mine(repository.path, tmp_path / "lake").nothing_new
    _loose(repository, blobs[1]).write_bytes(kept[1])
    assert mine(repository.path, tmp_path / "lake").new_diffs == 1
    counted = _counted_by_sql(tmp_path / "lake")
    expected = {c: changes[0][3:] for c, changes in git_changes(repository).items()}
    assert counted == {(commit_id, *counts) for commit_id, counts in expected.items()}


def _counted_by_sql(lake: Path) -> set[tuple[str, int, int]]:
    """What the database makes of the parts of a lake: one diff a commit, the most complete."""
    sql = Path(quarterdeck.sql.__path__[0], "raw")
    with duckdb.connect() as connection:
        connection.execute("create schema raw")
        for name in ("commit_diffs", "file_changes"):
            parts = [str(part) for part in Lake(lake).parts(name, "app")]
            connection.execute(f"create table lake_{name} as from read_parquet({parts})")
            connection.execute((sql / f"{name}.sql").read_text())
        rows = connection.sql("select commit_id, added, deleted from raw.file_changes").fetchall()
        assert connection.sql("select sum(missing_files) from raw.commit_diffs").fetchall() == [
            (0,)
        ]
    assert len(rows) == len(set(rows))
    return set(rows)


@pytest.mark.parametrize(
    ("name", "commits", "diffs"),
    [
        ("commits", 6, 0),
        ("commit_diffs", 0, 2),
        ("file_changes", 0, 2),
        ("landings", 0, 0),
        ("refs", 0, 0),
    ],
)
def test_a_part_that_was_removed_is_mined_again(
    tmp_path: Path, name: str, commits: int, diffs: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(diff_parts, "_PART_COMMITS", 2)
    repository = _repository(tmp_path / "app", commits=6)
    mine(repository.path, tmp_path / "lake", jobs=1)
    before = content(tmp_path / "lake")
    Lake(tmp_path / "lake").parts(name, "app")[0].unlink()

    result = mine(repository.path, tmp_path / "lake", jobs=1)

    assert content(tmp_path / "lake") == before
    assert (result.new_commits, result.new_diffs) == (commits, diffs)
    assert mine(repository.path, tmp_path / "lake").nothing_new


def test_progress_counts_every_commit(tmp_path: Path) -> None:
    repository = _repository(tmp_path / "app", commits=7)
    told: list[tuple[int, int]] = []

    mining.mine_repository(
        open_repository(repository.path),
        "app",
        Lake(tmp_path / "lake"),
        jobs=1,
        progress=lambda done, total: told.append((done, total)),
    )

    assert told[-1] == (7, 7)
