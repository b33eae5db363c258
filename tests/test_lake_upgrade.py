"""A lake of an earlier version, whose parts lack a column of today."""

import hashlib
import json
import shutil
from pathlib import Path

import polars as pl
import pytest
from git_fixtures import RepositoryBuilder
from mined import content, table

from quarterdeck.extractors.errors import LakeError, LakeVersionError
from quarterdeck.extractors.lake import Lake
from quarterdeck.extractors.lake_store import LakeStore
from quarterdeck.extractors.lake_upgrade import remined
from quarterdeck.extractors.schemas import TABLES
from quarterdeck.flows import pipeline
from quarterdeck.flows.progress import SilentReporter, reporting
from quarterdeck.flows.repository_settings import RepositorySettings
from quarterdeck.flows.settings import Settings

#: What an earlier version is made not to have known, a column a table.
NEW = {
    "commits": "committer_utc_offset_minutes",
    "file_changes": "new_mode",
    "content_facts": "longest_line",
    "line_changes": "missing_files",
    "branch_commits": "branch",
    "landings": "position",
    "repositories": "is_bare",
    "forge_reviews": "state",
}


class Told(SilentReporter):
    """Keeps the lines."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def line(self, text: str) -> None:
        self.lines.append(text)


def mine(folder: Path) -> list[str]:
    settings = Settings(
        lake=folder / "lake", repositories=[RepositorySettings(path=folder / "app")]
    )
    with reporting(told := Told()):
        assert pipeline.mine(settings).problems == {}
    return told.lines


@pytest.fixture(scope="module")
def mined(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A lake with a branch that git has no more, and with what a forge told."""
    folder = tmp_path_factory.mktemp("mined")
    repository = RepositoryBuilder(folder / "app")
    for n in range(4):
        repository.commit({f"f{n}.py": b"value = 1\n" * (n + 1)})
    main = repository.git("rev-parse", "main")
    repository.commit({"lost.py": b"lost = 1\n"}, "Lost", parents=[main], branch="main")
    mine(folder)  # what a force push takes away
    repository.ref("refs/heads/main", main)
    repository.git("reflog", "expire", "--expire=now", "--all")
    repository.git("prune", "--expire=now")
    mine(folder)
    review = TABLES["forge_reviews"].to_frame().clear(1)
    review = review.with_columns(repository_id=pl.lit("app"), state=pl.lit("approved"))
    Lake(folder / "lake").append_told("forge_reviews", review, ["repository_id"], "app")
    assert len(table(folder / "lake", "commits")) == 5
    return folder


@pytest.fixture
def earlier(mined: Path, tmp_path: Path) -> Path:
    shutil.copytree(mined, tmp_path / "world")
    make_earlier(tmp_path / "world/lake")
    return tmp_path / "world"


def make_earlier(lake: Path) -> None:
    (lake / "lake.json").write_text('{"quarterdeck_lake": 0}')
    shutil.rmtree(lake / "checksums")
    for name, column in NEW.items():
        for part in (lake / name).rglob("*.parquet"):
            pl.read_parquet(part).drop(column).with_columns(old_word=pl.lit("x")).write_parquet(
                part
            )


def test_what_git_has_is_mined_again_and_the_rest_is_kept(mined: Path, earlier: Path) -> None:
    told = mine(earlier)
    assert any("a lake of version 0, brought to version" in line for line in told)
    assert any("4 new commits, 4 diffed" in line for line in told)
    assert json.loads((earlier / "lake/lake.json").read_text())["quarterdeck_lake"] >= 1
    expected, found = content(mined / "lake"), content(earlier / "lake")
    lost = table(earlier / "lake", "commits").filter(pl.col("message") == "Lost")
    assert lost["committer_utc_offset_minutes"].to_list() == [None]
    for name in expected.keys() - {"commits", "file_changes", "content_facts"}:
        if name not in ("line_changes", "line_deaths", "repositories"):
            assert found[name] == expected[name], name
    for name in ("commits", "file_changes", "content_facts"):
        assert len(found[name]) == len(expected[name]), name
        assert len(set(found[name]) & set(expected[name])) == len(expected[name]) - 1, name
    # lines are of the chain there is; its landed changes are all followed
    chain = set(table(mined / "lake", "landings")["commit_id"])
    lines = table(earlier / "lake", "line_changes")
    assert set(lines["commit_id"]) == chain and lines["missing_files"].null_count() == 0
    reviews = table(earlier / "lake", "forge_reviews")  # a forge may not tell it again
    assert reviews.schema == TABLES["forge_reviews"] and reviews["state"].to_list() == [None]
    assert table(earlier / "lake", "repositories")["is_bare"].to_list() == [False]
    assert not list((earlier / "lake").rglob("*.earlier"))
    assert not any("version 0" in line for line in mine(earlier))


def test_a_repository_that_cannot_be_mined_keeps_its_rows(mined: Path, earlier: Path) -> None:
    (earlier / "app").rename(earlier / "away")
    settings = Settings(
        lake=earlier / "lake", repositories=[RepositorySettings(path=earlier / "app")]
    )
    with reporting(SilentReporter()):
        assert list(pipeline.mine(settings).problems) == ["app"]
    found, expected = content(earlier / "lake"), content(mined / "lake")
    for name in expected:
        assert len(found[name]) == len(expected[name]), name
    (earlier / "away").rename(earlier / "app")
    mine(earlier)  # once it is back, its columns are filled
    assert table(earlier / "lake", "landings")["position"].null_count() == 0


def test_an_upgrade_that_was_killed_goes_on(
    mined: Path, earlier: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from quarterdeck.extractors import lake_upgrade, mining

    whole, fit, done = earlier.parent / "whole", lake_upgrade._fit, []
    shutil.copytree(earlier, whole)

    def killed(*arguments: object) -> None:
        if len(done) == 3:
            raise KeyboardInterrupt
        done.append(arguments)
        fit(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(lake_upgrade, "_fit", killed)
    with pytest.raises(KeyboardInterrupt):
        mine(earlier)
    monkeypatch.setattr(lake_upgrade, "_fit", fit)

    def stopped(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(mining, "mine_contents", stopped)
        mine(earlier)
    assert table(earlier / "lake", "commits")["commit_id"].n_unique() == 5  # none is away
    mine(earlier)
    mine(whole)
    found, expected = content(earlier / "lake"), content(whole / "lake")
    for name in expected.keys() - {"repositories"}:  # which tells paths
        assert found[name] == expected[name], name
    assert not list((earlier / "lake").rglob("*.earlier"))


def test_a_build_alone_reads_an_earlier_lake(earlier: Path) -> None:
    settings = Settings(lake=earlier / "lake", database=earlier / "q.duckdb")
    with reporting(told := Told()):
        assert pipeline.update_database(settings)
    assert any("version 0" in line for line in told.lines)


def test_parts_of_an_earlier_version_in_a_store_are_brought_up_to_date(earlier: Path) -> None:
    store = LakeStore(str(earlier / "store"))
    store.publish(Lake(earlier / "lake"), "app")  # with the columns of then
    (index,) = (earlier / "store/index/app").iterdir()
    told = json.loads(index.read_bytes())
    index.unlink()
    text = json.dumps(told | {"lake": 0}).encode()
    index.with_name(f"{hashlib.sha256(text).hexdigest()}.json").write_bytes(text)
    LakeStore(str(earlier / "store")).fetch(Lake(earlier / "other"), "app")
    for name in NEW:
        for part in (earlier / "other" / name).rglob("*.parquet"):
            assert pl.read_parquet_schema(part) == TABLES[name], name


def test_a_lake_of_a_newer_version_is_let_alone(mined: Path, tmp_path: Path) -> None:
    shutil.copytree(mined / "lake", tmp_path / "lake")
    (tmp_path / "lake/lake.json").write_text('{"quarterdeck_lake": 99}')
    before = sorted((p, p.stat().st_mtime_ns) for p in (tmp_path / "lake").rglob("*"))
    with pytest.raises(LakeVersionError, match=r"version 99.*upgrade Quarterdeck"):
        pipeline.mine(Settings(lake=tmp_path / "lake"))
    assert sorted((p, p.stat().st_mtime_ns) for p in (tmp_path / "lake").rglob("*")) == before


@pytest.mark.parametrize("note", [{}, {"parts": None}])
def test_a_note_that_tells_no_parts_is_named(tmp_path: Path, note: dict[str, object]) -> None:
    lake = Lake(tmp_path)
    lake.write_note("earlier", "app", note)
    with (
        pytest.raises(LakeError, match=r"app\.json: does not tell which parts .*; remove it"),
        remined(lake, "app"),
    ):
        pass
