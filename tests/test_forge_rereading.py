"""Kept answers are read again by a better reading, without asking anybody, and nothing is lost."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from fake_forge import TOKEN, serve
from fake_gitea import FakeGitea
from fake_github import FakeGitHub
from fake_gitlab import FakeGitLab
from forge_told import REPOSITORY, Told, told
from forge_world import START, FakeClock, World, make_world
from test_forge_parts import HURRIED, KINDS, forge, night, parts, small_world

from quarterdeck.extractors import (
    forge_rereading,
    gitea,
    github,
    github_reading,
    gitlab,
)
from quarterdeck.extractors.forge_frames import ForgeFrames, read_cursor
from quarterdeck.extractors.forge_http import ForgeClient
from quarterdeck.extractors.forge_mining import mine_forge
from quarterdeck.extractors.forge_parts import note_reading, noted_reading
from quarterdeck.extractors.forge_rereading import read_again
from quarterdeck.extractors.forge_tokens import Token
from quarterdeck.extractors.lake import Lake
from quarterdeck.flows.digests import basis, input_digest
from quarterdeck.flows.forges import ask_forges
from quarterdeck.flows.progress import SilentReporter, reporting
from quarterdeck.flows.repositories import resolve
from quarterdeck.flows.settings import RepositorySettings, Settings

Rows = Callable[..., Any]
READINGS: dict[str, Any] = {"github": github_reading, "gitlab": gitlab, "gitea": gitea}
PULLS: dict[str, tuple[Any, str]] = {
    "github": (github, "pull_request_row"),
    "gitlab": (gitlab.GitLab, "_row"),
    "gitea": (gitea, "_row"),
}
LISTS: dict[str, tuple[Any, str, str]] = {
    "github": (github, "commit_rows", "review_rows"),
    "gitlab": (gitlab, "_commit_rows", "_review_rows"),
    "gitea": (gitea, "_commit_rows", "_review_rows"),
}


@contextmanager
def other_reading(kind: str) -> Iterator[None]:
    """Another version: other titles and reviewers, not the first commits, no reviews of one."""

    def pull(rows: Rows) -> Rows:
        return lambda *told: (row := rows(*told)) | {"title": row["title"].upper()}

    def commits(rows: Rows) -> Rows:
        return lambda *told: (found := rows(*told))[1:] or found

    def reviews(rows: Rows) -> Rows:
        def read(number: int, told: Any) -> Any:
            found = rows(number, told) if number != 2 else []
            return [row | {"reviewer_login": "somebody-example"} for row in found]

        return read

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(READINGS[kind], "READING", READINGS[kind].READING + 1)
        module, row = PULLS[kind]
        patch.setattr(module, row, pull(getattr(module, row)))
        module, listed, reviewed = LISTS[kind]
        patch.setattr(module, listed, commits(getattr(module, listed)))
        patch.setattr(module, reviewed, reviews(getattr(module, reviewed)))
        yield


def mine(run: Any, lake: Lake) -> None:
    read_again(lake, REPOSITORY, run.extraction.source)
    run.mine(lake)


def forms(lake: Lake) -> dict[str, pl.DataFrame]:
    """What the lake holds, with the times of telling, in an order of its own."""
    return {
        table: (frame := lake.read(table, REPOSITORY)).sort(
            "fetched_at", "number", *(c for c in ("position", "review_id") if c in frame.columns)
        )
        for table in ForgeFrames().by_table()
        if table != "forge_answers"
    }


@dataclass(frozen=True)
class Mined:
    """Lakes of a forge: as it is read today, and as another reading has it."""

    kind: str
    world: World
    lake: Lake
    fresh: Lake

    def copy(self, folder: Path) -> Lake:
        shutil.copytree(self.lake.root, folder, dirs_exist_ok=True)
        return Lake(folder)


@pytest.fixture(params=KINDS, scope="module")
def mined(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Mined:
    """Two nights, on which reviews were taken back."""
    kind, folder = request.param, tmp_path_factory.mktemp("lakes")
    old, fresh = Lake(folder / "old"), Lake(folder / "fresh")
    world = small_world()
    with forge(kind, world) as run:
        for day in range(2):
            if day:
                night(world)
                world.touch(1, START + timedelta(days=90), reviews=(), title="Taken back")
            mine(run, old)
            with other_reading(kind):
                mine(run, fresh)
    return Mined(kind, world, old, fresh)


def test_a_better_reading_needs_no_second_download(mined: Mined, tmp_path: Path):
    kind, old, fresh = mined.kind, mined.copy(tmp_path), mined.fresh
    before, cursor = told(old.root), read_cursor(old, REPOSITORY, kind)
    answers = old.read("forge_answers", REPOSITORY)
    assert before != told(fresh.root)
    assert read_again(old, REPOSITORY, kind) is None
    with other_reading(kind):  # the server has stopped
        found = read_again(old, REPOSITORY, kind)
        assert found is not None
        assert (found.answers, found.left, found.problems) == (answers.height, (), ())
        assert told(old.root) == told(fresh.root)
        assert read_cursor(old, REPOSITORY, kind) == cursor
        assert read_again(old, REPOSITORY, kind) is None
        assert noted_reading(old, REPOSITORY, kind) == READINGS[kind].READING
    assert old.read("forge_answers", REPOSITORY).equals(answers)
    assert read_again(old, REPOSITORY, kind) is None  # an older one leaves it, and notes itself
    assert noted_reading(old, REPOSITORY, kind) == READINGS[kind].READING
    with other_reading(kind):
        assert read_again(old, REPOSITORY, kind) is not None


def test_a_killed_rereading_loses_nothing(mined: Mined, tmp_path: Path):
    kind, lake = mined.kind, mined.copy(tmp_path)
    write = forge_rereading.replace_page
    written: list[ForgeFrames] = []

    def killed(lake: Lake, name: str, source: str, frames: ForgeFrames, place: Any) -> None:
        if len(written) == 2:
            raise KeyboardInterrupt
        written.append(frames)
        write(lake, name, source, frames, place)

    with other_reading(kind):
        with pytest.MonkeyPatch.context() as patch, pytest.raises(KeyboardInterrupt):
            patch.setattr(forge_rereading, "replace_page", killed)
            read_again(lake, REPOSITORY, kind)
        assert len(told(tmp_path)["pulls"]) == len(mined.world.pulls)
        assert noted_reading(lake, REPOSITORY, kind) < READINGS[kind].READING
        read_again(lake, REPOSITORY, kind)
    assert told(tmp_path) == told(mined.fresh.root)


def in_force(found: Told) -> Told:
    reviews = [review for review in found["reviews"] if review["state"] != "dismissed"]
    return found | {"reviews": reviews}


def test_answers_that_are_lost_or_damaged_are_asked_for_again(mined: Mined, tmp_path: Path):
    kind, lake = mined.kind, mined.copy(tmp_path)
    answers = lake.parts("forge_answers", REPOSITORY)
    by_time = sorted(answers, key=lambda part: pl.read_parquet(part)["fetched_at"][-1])
    lost, damaged = by_time[0], by_time[-1]
    lost.unlink()
    content = bytearray(damaged.read_bytes())
    content[len(content) // 3] ^= 1
    damaged.write_bytes(content)
    rows = lake.read("forge_pull_requests", REPOSITORY)
    with other_reading(kind), forge(kind, mined.world) as run:
        found = read_again(lake, REPOSITORY, kind)
        assert found is not None
        assert set(found.left) <= mined.world.pulls.keys()
        assert found.left
        assert len(found.problems) == 1
        assert f"{damaged} is damaged: set aside" in found.problems[0]
        assert damaged.with_name(damaged.name + ".damaged").is_file()
        kept = lake.read("forge_pull_requests", REPOSITORY)
        assert kept.height == rows.height  # what was told stays, as it was read
        assert any(title.islower() for title in kept["title"].str.slice(1))
        run.forge.clock.sleep(86_400)
        run.mine(lake)
        # what nobody tells any more stays dismissed, in the words of the reading that had it
        assert in_force(told(tmp_path)) == in_force(told(mined.fresh.root))
        asked = len(run.forge.asked)
        assert read_again(lake, REPOSITORY, kind) is None
        run.mine(lake)
        assert len(run.forge.asked) - asked < asked  # not once more


def test_answers_of_which_the_reading_can_make_nothing_are_asked_for_again(
    mined: Mined, tmp_path: Path
):
    kind, lake = mined.kind, mined.copy(tmp_path)
    before = told(tmp_path)
    module, row = PULLS[kind]
    with other_reading(kind), pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, row, lambda *told: told[kind == "gitlab"]["new_field"])
        found = read_again(lake, REPOSITORY, kind)
    assert found is not None
    assert (found.answers, found.left) == (0, tuple(sorted(mined.world.pulls)))
    assert all("cannot be read again" in problem for problem in found.problems)
    assert "'new_field'" in found.problems[0]
    assert told(tmp_path) == before
    state = read_cursor(lake, REPOSITORY, kind)
    assert state is not None
    back_to = state.get("watermark") or state["since"]
    assert back_to == min(pull["updated_at"] for pull in before["pulls"]).isoformat()


def listed_at_length(kind: str) -> World:
    """Four pull requests; the lists of one go over several pages."""
    world = make_world(4)
    long = world.pulls[3]
    world.pulls[3] = replace(
        long,
        commits=long.commits[:32],
        reviews=long.reviews[:11],
        labels=long.labels[:2],
        closing=(),
        threads=long.threads[:3],
    )
    if kind == "github":
        world.pulls[2] = replace(world.pulls[2], checks="refused")
    return world


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("github", {"heavy": 2, "heavy_more": 25, "poison": 3}),
        ("gitlab", {"has_approvals": False, "counts": False, "hidden": frozenset({4})}),
        ("gitea", {"counts": False, "sized_lists": True}),
        ("gitea", {"most": 7}),
    ],
)
def test_every_way_of_asking_is_read_again_to_the_same(
    kind: str, options: dict[str, Any], tmp_path: Path
):
    _, path, extraction = KINDS[kind]
    fakes: dict[str, Any] = {"github": FakeGitHub, "gitlab": FakeGitLab, "gitea": FakeGitea}
    clock, lake = FakeClock(), Lake(tmp_path)
    served = fakes[kind](listed_at_length(kind), clock, **options)
    secrets = [Token(TOKEN, "T")]
    with (
        serve(served) as address,
        ForgeClient(address + path, secrets, clock, HURRIED) as client,
    ):
        mine_forge(extraction(client), client, lake, REPOSITORY)
    right, held = forms(lake), sorted(parts(lake))
    note_reading(lake, REPOSITORY, kind, 0)
    for part in parts(lake).values():
        part.unlink()  # what is read again comes of the answers alone
    found = read_again(lake, REPOSITORY, kind)
    assert found is not None
    assert (found.left, found.problems) == ((), ())
    assert sorted(parts(lake)) == held
    for table, frame in forms(lake).items():
        assert frame.equals(right[table]), table


def test_a_run_tells_what_it_read_again_even_where_nobody_answers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("GH_ENTERPRISE_TOKEN", TOKEN)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "none"))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    lines: list[str] = []
    shown = SilentReporter()
    monkeypatch.setattr(shown, "line", lines.append, raising=False)
    with serve(FakeGitHub(make_world(2), FakeClock())) as url:
        own = {"forge": "github", "forge_url": url, "slug": "acme/harbour"}
        repository = RepositorySettings(url="https://h/acme/harbour", name=REPOSITORY, **own)  # type: ignore[arg-type]
        settings = Settings(repositories=[repository], lake=tmp_path / "lake")
        lake, sources = Lake(settings.lake), resolve(settings)
        with reporting(shown):
            assert ask_forges(sources, settings, lake) == {}
    assert not [line for line in lines if "read again" in line]
    digest = input_digest(settings, sources, lake, basis(settings, sources, lake, "open"))
    monkeypatch.delenv("GH_ENTERPRISE_TOKEN")
    (answers,) = lake.parts("forge_answers", REPOSITORY)
    with other_reading("github"), reporting(shown):
        assert "no token" in ask_forges(sources, settings, lake)[REPOSITORY]
        answers.unlink()
        note_reading(lake, REPOSITORY, "github", 0)
        ask_forges(sources, settings, lake)
    where = url.removeprefix("http://")
    assert f"{REPOSITORY}: read again: 1 answers of {where}/acme/harbour" in lines
    assert any("the answers about pull requests #1, #2 are missing" in line for line in lines)
    assert {row["title"] for row in told(settings.lake)["pulls"]} == {"CHANGE 1 ⚓", "CHANGE 2 ⚓"}
    assert input_digest(settings, sources, lake, basis(settings, sources, lake, "open")) != digest
