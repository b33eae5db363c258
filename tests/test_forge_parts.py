"""What a forge told and the lake lost is asked for again, and no more than that."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from fake_forge import TOKEN, FakeForge, serve
from fake_gitea import FakeGitea
from fake_github import FakeGitHub
from fake_gitlab import FakeGitLab
from forge_told import REPOSITORY, Told, told
from forge_world import START, FakeClock, World, make_pull, make_world

from quarterdeck.extractors import gitea, github, gitlab
from quarterdeck.extractors.forge_http import ForgeClient
from quarterdeck.extractors.forge_mining import ForgeResult, mine_forge
from quarterdeck.extractors.forge_parts import append_page, resume, state_to_go_on_from
from quarterdeck.extractors.forge_patience import Patience
from quarterdeck.extractors.forge_tokens import Token
from quarterdeck.extractors.lake import Lake
from quarterdeck.extractors.lake_checksums import set_aside
from quarterdeck.extractors.schemas import FORGE_TABLES

HURRIED = Patience(attempts=3, first_wait=0.0, longest_wait=0.0, jitter=0.0, timeout=60.0)
KINDS: dict[str, tuple[Callable[..., FakeForge], str, Callable[[ForgeClient], Any]]] = {
    "github": (
        FakeGitHub,
        "/api/graphql",
        lambda client: github.GitHub(client, "acme/harbour", REPOSITORY, (3, 1)),
    ),
    "gitlab": (
        FakeGitLab,
        "/api/v4",
        lambda client: gitlab.GitLab(client, "acme/harbour", REPOSITORY, 3),
    ),
    "gitea": (
        FakeGitea,
        "/api/v1",
        lambda client: gitea.Gitea(client, "acme/harbour", REPOSITORY, 3),
    ),
}


@dataclass
class Run:
    forge: FakeForge
    client: ForgeClient
    extraction: Any

    def mine(self, lake: Lake) -> ForgeResult:
        return mine_forge(self.extraction, self.client, lake, REPOSITORY)


@contextmanager
def forge(kind: str, world: World) -> Iterator[Run]:
    fake, path, extraction = KINDS[kind]
    clock = FakeClock()
    served = fake(world, clock)
    with (
        serve(served) as address,
        ForgeClient(address + path, [Token(TOKEN, "T")], clock, HURRIED) as client,
    ):
        yield Run(served, client, extraction(client))


def night(world: World) -> None:
    """Something happens in the repository, a month later."""
    later = world.newest_first()[0].updated + timedelta(days=30)
    pull = make_pull(9)
    reviews = tuple(replace(review, at=later) for review in make_pull(11).reviews[:2])
    world.pulls[9] = replace(pull, updated=later, created=later, reviews=reviews)


def parts(lake: Lake) -> dict[str, Path]:
    found = [(table, part) for table in FORGE_TABLES for part in lake.parts(table, REPOSITORY)]
    return {f"{table}/{part.name}": part for table, part in found}


def small_world() -> World:
    """Six pull requests with short lists, a day between their updates, on two pages."""
    world = make_world(7)
    del world.pulls[3]
    for number, pull in world.pulls.items():
        world.pulls[number] = replace(pull, updated=START + timedelta(days=number))
    return world


@pytest.mark.parametrize("kind", KINDS)
def test_a_part_that_is_gone_is_asked_for_again(kind: str, tmp_path: Path):
    world, whole = small_world(), Lake(tmp_path / "whole")
    with forge(kind, world) as run:
        run.mine(whole)
        early = sorted(parts(whole))
        night(world)
        run.mine(whole)
        right = told(whole.root)
        late = sorted(parts(whole).keys() - set(early))
        for name in (early[0], early[-1], late[0]):
            hurt = Lake(tmp_path / name.replace("/", "-"))
            shutil.copytree(whole.root, hurt.root, dirs_exist_ok=True)
            set_aside(parts(hurt)[name])
            state, _ = state_to_go_on_from(hurt, REPOSITORY, kind)
            assert state is not None
            back_to = str(state.get("watermark") or state.get("since"))
            is_far = back_to <= world.newest_first()[-1].updated.isoformat()
            assert name in early or not is_far
            result = run.mine(hurt)
            assert told(hurt.root) == right, name
            assert "asked for again" in result.warnings[0]
        assert run.mine(hurt).warnings == ()


@pytest.mark.parametrize("kind", KINDS)
def test_a_run_stopped_while_it_asks_again_goes_on(kind: str, tmp_path: Path):
    world, lake = small_world(), Lake(tmp_path)
    with forge(kind, world) as run:
        run.mine(lake)
        right: Told = told(lake.root)
        for part in lake.parts("forge_reviews", REPOSITORY):
            set_aside(part)
        state, is_set_back = resume(lake, REPOSITORY, kind)
        assert is_set_back
        for page in islice(run.extraction.pages(state), 1):  # and killed
            append_page(lake, REPOSITORY, kind, page.frames, page.state)
        run.mine(lake)
    assert told(lake.root) == right


def test_parts_of_which_nothing_is_known_send_a_run_back_to_the_start(tmp_path: Path):
    world, lake = small_world(), Lake(tmp_path)
    with forge("gitea", world) as run:
        run.mine(lake)
        right, early = told(lake.root), parts(lake)
        for note in (tmp_path / "forge_parts").iterdir():
            note.unlink()
        run.mine(lake)
        set_aside(min(early.values()))
        assert state_to_go_on_from(lake, REPOSITORY, "gitea") == ({}, True)
        run.mine(lake)
    assert told(lake.root) == right
