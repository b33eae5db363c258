"""The store of the lake: hosts with disks of their own, and one record."""

import json
import shutil
import time
from pathlib import Path

import polars as pl
import pytest
from git_fixtures import RepositoryBuilder
from mined import content, mine, table

from quarterdeck.extractors import lake_store
from quarterdeck.extractors.errors import DamagedStoreError, StoreError
from quarterdeck.extractors.lake import Lake
from quarterdeck.extractors.lake_store import LakeStore
from quarterdeck.extractors.schemas import TABLES
from quarterdeck.extractors.store_files import store_problem

Content = dict[str, list[tuple[object, ...]]]


def add(repository: RepositoryBuilder, commits: int, word: str = "line") -> None:
    first = repository.commits
    for n in range(first, first + commits):
        repository.commit({f"f{n % 3}.py": b"%s %d\n" % (word.encode(), n) * (n % 4 + 1)})


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository of 4 landed changes, grown by 2, and rewritten; host one has mined the first."""
    folder = tmp_path_factory.mktemp("first")
    repository = RepositoryBuilder(folder / "states/short", bare=True)
    add(repository, 4)
    shutil.copytree(repository.path, folder / "states/forked", symlinks=True)
    shutil.copytree(repository.path, folder / "states/grown", symlinks=True)
    for state, word in (("grown", "line"), ("forked", "other")):
        later = RepositoryBuilder(folder / "states" / state, bare=True)
        later.commits = 4
        add(later, 2, word)
    mine_on(folder, "one", "short")
    return folder


@pytest.fixture
def world(first: Path, tmp_path: Path) -> Path:
    shutil.copytree(first, tmp_path / "world", symlinks=True)
    return tmp_path / "world"


def mine_on(world: Path, host: str, state: str) -> None:
    """Mine on a host what the repository is by now; it stands in the same place for all."""
    with LakeStore(str(world / "store")).kept(Lake(world / host), "app"):
        place_repository(world, state)
        mine(world / "app", world / host)


def place_repository(world: Path, state: str) -> None:
    shutil.rmtree(world / "app", ignore_errors=True)
    shutil.copytree(world / "states" / state, world / "app", symlinks=True)


def alone(world: Path, *states: str) -> Content:
    """What one machine without a store has after mining these states."""
    for state in states:
        place_repository(world, state)
        mine(world / "app", world / "alone")
    return content(world / "alone")


def fetched(world: Path, host: str = "new") -> Content:
    LakeStore(str(world / "store")).fetch(Lake(world / host), "app")
    return content(world / host)


def stored(world: Path, kind: str) -> list[Path]:
    return sorted(p for p in (world / "store" / kind).rglob("*") if p.is_file())


def test_what_one_host_mined_another_does_not_mine_again(world: Path) -> None:
    LakeStore(str(world / "store")).fetch(Lake(world / "two"), "app")
    place_repository(world, "short")
    assert mine(world / "app", world / "two").nothing_new
    assert content(world / "two") == content(world / "one")
    assert LakeStore(str(world / "store")).repository_ids() == ["app"]


def test_hosts_by_turns_make_what_one_machine_makes(world: Path) -> None:
    mine_on(world, "two", "grown")
    mine_on(world, "one", "forked")
    expected = alone(world, "short", "grown", "forked")
    assert fetched(world) == expected
    assert len(stored(world, "index")) == 1


def test_nothing_new_is_not_published_again(world: Path) -> None:
    before = stored(world, "index") + stored(world, "parts")
    mine_on(world, "one", "short")
    mine_on(world, "two", "short")
    assert stored(world, "index") + stored(world, "parts") == before


def test_two_hosts_at_once_add_up_and_do_not_mix(world: Path) -> None:
    """One host was cut off while it mined, and publishes after another one did its work."""
    with LakeStore(str(world / "store")).kept(Lake(world / "one"), "app"):
        place_repository(world, "grown")
        mine(world / "app", world / "one")
        time.sleep(0.01)
        mine_on(world, "two", "forked")
    assert len(stored(world, "index")) == 2
    expected = alone(world, "short", "grown", "forked")
    assert fetched(world) == expected
    mine_on(world, "two", "forked")  # holds both, and the next reader reads one index
    assert len(stored(world, "index")) == 1
    assert fetched(world, "newer") == expected


def test_a_snapshot_that_was_never_published_gives_way(world: Path) -> None:
    """A host died between mining and publishing; another one went on meanwhile."""
    place_repository(world, "grown")
    mine(world / "app", world / "one")
    mine_on(world, "two", "forked")
    LakeStore(str(world / "store")).fetch(Lake(world / "one"), "app")
    tips = table(world / "one", "repositories")["tip_commit_id"].to_list()
    assert tips == table(world / "two", "repositories")["tip_commit_id"].to_list()
    # its parts keyed by commit are facts, and stay
    assert len(table(world / "one", "commits")) == len(table(world / "two", "commits")) + 2


@pytest.mark.parametrize("how", ["lost", "damaged"])
def test_a_part_that_the_store_lost_is_mined_again(world: Path, how: str) -> None:
    expected = alone(world, "short")
    for part in stored(world, "parts"):
        if how == "lost":
            part.unlink()
        else:
            part.write_bytes(part.read_bytes()[:-1] + b"x")
    with pytest.raises(DamagedStoreError, match=r"app: \d+ parts are lost"):
        LakeStore(str(world / "store")).fetch(Lake(world / "new"), "app")
    mine_on(world, "new", "short")
    assert content(world / "new") == expected
    assert fetched(world, "newer") == expected


def test_a_half_written_index_is_not_read(world: Path) -> None:
    (index,) = stored(world, "index")
    torn = index.with_name(f"{'0' * 64}.json")
    torn.write_bytes(index.read_bytes()[:100])
    assert fetched(world) == content(world / "one")


def test_superseded_parts_are_removed_after_some_days(
    world: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine_on(world, "one", "grown")
    mine_on(world, "one", "forked")
    (index,) = stored(world, "index")
    superseded = set(json.loads(index.read_bytes())["superseded"])
    assert len(superseded) >= 3  # of the first snapshot: landings, refs, repositories at least
    assert superseded < {part.name for part in stored(world, "parts")}
    later = time.time() + (lake_store.KEEP_DAYS + 1) * 86_400
    monkeypatch.setattr(time, "time", lambda: later)
    mine_on(world, "one", "grown")
    assert superseded.isdisjoint(part.name for part in stored(world, "parts"))
    assert fetched(world) == content(world / "one")


def tell(world: Path, host: str, title: str, again: bool = False) -> None:
    """A forge's answer on a host, read for the first time or anew."""
    lake = Lake(world / host)
    frame = TABLES["forge_reviews"].to_frame(eager=True).clear(1)
    frame = frame.with_columns(repository_id=pl.lit("app"), state=pl.lit(title))
    parts = lake.parts("forge_reviews", "app")
    lake.append_told("forge_reviews", frame, ["repository_id"], "app", parts[0] if again else None)
    LakeStore(str(world / "store")).publish(lake, "app")


def test_what_a_host_read_anew_takes_the_place_of_the_older_reading(world: Path) -> None:
    tell(world, "one", "as first read")
    fetched(world, "two")
    tell(world, "one", "as read anew", again=True)
    for host in ("two", "three"):
        fetched(world, host)
        assert table(world / host, "forge_reviews")["state"].to_list() == ["as read anew"]
    mine_on(world, "two", "grown")
    fetched(world, "one")
    assert table(world / "one", "forge_reviews")["state"].to_list() == ["as read anew"]


def test_a_checkpoint_keeps_its_age(world: Path) -> None:
    """The four newest are kept, so a copy must be as old as what it is a copy of."""
    (part,) = (world / "one/line_runs/app").glob("*.parquet")
    LakeStore(str(world / "store")).fetch(Lake(world / "new"), "app")
    copy = world / "new/line_runs/app" / part.name
    assert copy.stat().st_mtime_ns == part.stat().st_mtime_ns


def test_a_store_that_cannot_be_written_is_told(world: Path) -> None:
    shutil.rmtree(world / "store")
    (world / "store").write_text("no folder")
    with pytest.raises(StoreError, match=str(world / "store")):
        mine_on(world, "one", "grown")


def test_an_older_quarterdeck_leaves_a_newer_store_alone(
    world: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lake_store, "_VERSION", 0)
    with pytest.raises(StoreError, match="newer Quarterdeck"):
        fetched(world)


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("s3://bucket/prefix", None),
        ("/mnt/share/lake", None),
        ("ftp://host/lake", "no kind that is known"),
        ("s3://key:secret@bucket/prefix", "holds credentials"),
        ("s3://bucket/prefix?endpoint=x", "holds credentials or options"),
    ],
)
def test_what_a_store_may_be(url: str, problem: str | None) -> None:
    found = store_problem(url)
    assert found is None if problem is None else problem in str(found)
