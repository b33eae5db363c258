"""The store of the lake: hosts with disks of their own, and one record."""

import hashlib
import json
import os
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
from quarterdeck.extractors.store_files import _short, store_problem

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


def test_a_part_that_the_store_lost_comes_back_from_a_host_that_has_it(world: Path) -> None:
    """Nothing is new there; a part cut short shows by its size."""
    expected = content(world / "one")
    lost, cut = stored(world, "parts")[:2]
    lost.unlink()
    cut.write_bytes(cut.read_bytes()[:-5])
    mine_on(world, "one", "short")
    assert fetched(world) == expected


def test_an_index_that_is_replaced_while_it_is_read_is_looked_for_again(
    world: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A writer puts its index in place between the listing and the reading."""
    from quarterdeck.extractors.store_files import StoreFiles

    names, listed = StoreFiles.names, []

    def late(files: StoreFiles, folder: str) -> list[str]:
        found = names(files, folder)
        if not listed:
            listed.append(found)
            mine_on(world, "two", "grown")
        return found

    store = LakeStore(str(world / "store"))
    monkeypatch.setattr(StoreFiles, "names", late)
    store.fetch(Lake(world / "new"), "app")
    assert content(world / "new") == content(world / "two")


def test_a_listing_that_stays_behind_is_told(world: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lake_store, "_LOOK_AGAIN_SECONDS", (0.0, 0.0))
    (index,) = stored(world, "index")
    index.rename(world / "gone")
    index.symlink_to(world / "nowhere")  # listed, and not there
    with pytest.raises(StoreError, match="1 are listed, and none can be read"):
        fetched(world)


def indexed(world: Path, **changes: object) -> Path:
    """Put an index in place of the one that is there, with its name right for what it holds."""
    (index,) = stored(world, "index")
    told = json.loads(index.read_bytes())
    told |= {key: change(told[key]) for key, change in changes.items()}  # type: ignore[operator]
    index.unlink()
    text = json.dumps(told).encode()
    place = index.with_name(f"{hashlib.sha256(text).hexdigest()}.json")
    place.write_bytes(text)
    return place


def test_parts_of_a_table_that_this_version_does_not_know_stay_in_the_index(world: Path) -> None:
    content = b"rows"
    name = hashlib.sha256(content).hexdigest()
    (world / "store/parts/app" / name).write_bytes(content)
    indexed(world, parts=lambda parts: parts | {"line_moods/0a.parquet": [name, len(content), 1]})
    mine_on(world, "two", "grown")
    (index,) = stored(world, "index")
    assert "line_moods/0a.parquet" in json.loads(index.read_bytes())["parts"]
    assert not (world / "two/line_moods").exists()


@pytest.mark.parametrize(
    "path", ["commits/../../../../out.parquet", "../commits/a.parquet", "commits/.a.parquet", "x"]
)
def test_an_index_cannot_name_a_place_outside_the_lake(world: Path, path: str) -> None:
    bad = indexed(world, parts=lambda parts: {path: next(iter(parts.values()))})
    with pytest.raises(StoreError, match=f"{bad.name}: is no index .*is no part"):
        fetched(world)
    assert not list(world.rglob("out.parquet"))


def test_foreign_files_in_the_store_are_let_alone(world: Path) -> None:
    for place in ("index/README", "index/app/notes.txt", "parts/app/x", "x"):
        (world / "store" / place).write_text("not ours")
    mine_on(world, "two", "grown")
    assert fetched(world) == content(world / "two")
    LakeStore(str(world / "store")).fetch(Lake(world / "new"), "README")
    assert (world / "store/index/app/notes.txt").read_text() == "not ours"


def test_a_share_that_is_not_mounted_is_not_taken_for_an_empty_store(world: Path) -> None:
    store = LakeStore(str(world / "store"))
    store.prepare(Lake(world / "one"))
    assert store.is_there()
    shutil.move(world / "store", world / "elsewhere")
    (world / "store").mkdir()
    assert not store.is_there()
    with pytest.raises(StoreError, match="published there before; see whether the share is"):
        store.prepare(Lake(world / "one"))
    shutil.rmtree(world / "one/stores")  # the remedy that it names
    store.prepare(Lake(world / "one"))
    mine_on(world, "one", "short")
    assert fetched(world) == content(world / "one")


def test_a_store_of_a_newer_version_is_refused_before_anything_is_mined(world: Path) -> None:
    (world / "store/store.json").write_text('{"quarterdeck_store": 99}')
    with pytest.raises(StoreError, match="newer Quarterdeck"):
        LakeStore(str(world / "store")).prepare(Lake(world / "one"))
    (world / "store/store.json").write_text("[]")
    with pytest.raises(StoreError, match="is not Quarterdeck's"):
        LakeStore(str(world / "store")).is_there()


def test_a_lake_moves_to_a_store_and_back(world: Path) -> None:
    """A lake that was mined without a store is published; later the setting is taken out."""
    alone(world, "short", "grown")
    shutil.rmtree(world / "store")
    LakeStore(str(world / "store")).publish(Lake(world / "alone"), "app")
    mine_on(world, "two", "forked")
    fetched(world, "alone")
    place_repository(world, "forked")
    assert mine(world / "app", world / "alone").nothing_new
    assert content(world / "alone") == content(world / "two")


def test_what_is_read_anew_is_newer_than_what_a_clock_ahead_wrote(world: Path) -> None:
    tell(world, "one", "as first read")
    (part,) = Lake(world / "one").parts("forge_reviews", "app")
    ahead = time.time_ns() + 3600 * 10**9
    os.utime(part, ns=(ahead, ahead))
    LakeStore(str(world / "store")).publish(Lake(world / "one"), "app")
    fetched(world, "two")
    tell(world, "two", "as read anew", again=True)
    fetched(world, "one")
    assert table(world / "one", "forge_reviews")["state"].to_list() == ["as read anew"]


@pytest.mark.parametrize("url", ["", " ", "s3://", "s3:/bucket/prefix", "gs:bucket"])
def test_a_store_without_a_place_is_refused(url: str) -> None:
    assert "names no" in str(store_problem(url))


def test_a_reason_of_the_store_holds_no_secret_and_is_short() -> None:
    said = _short(OSError("cannot reach https://me:hush@host/x\n" + "and so on " * 100))
    assert "hush" not in said and "host/x" in said and len(said) < 320
