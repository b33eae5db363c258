"""Kept answers are read again by a better reading, without asking anybody, and nothing is lost."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from fake_forge import TOKEN, serve
from fake_gitea import FakeGitea
from fake_github import FakeGitHub
from fake_gitlab import FakeGitLab
from forge_told import REPOSITORY, told
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
from quarterdeck.flows.forges import ask_forges
from quarterdeck.flows.inputs import input_digest
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
    """Another version: titles in capitals, commits but the first, reviews told otherwise and of 1 none."""

    def pull(rows: Rows) -> Rows:
        return lambda *told: (row := rows(*told)) | {"title": row["title"].upper()}

    def commits(rows: Rows) -> Rows:
        return lambda *told: (found := rows(*told))[1:] or found

    def reviews(rows: Rows) -> Rows:
        def read(number: int, told: Any) -> Any:
            found = rows(number, told) if number != 2 else []
            return [row | {"review_id": f"{row['review_id']} again"} for row in found]

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


@pytest.fixture(params=KINDS)
def mined(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, Any, Lake, Lake]:
    """Two nights, and an approval taken back: by the reading of today, and by another."""
    kind: str = request.param
    old, fresh = Lake(tmp_path / "old"), Lake(tmp_path / "fresh")
    world = small_world()
    with forge(kind, world) as run:
        for _ in range(2):
            mine(run, old)
            with other_reading(kind):
                mine(run, fresh)
            night(world)
            world.touch(1, START + timedelta(days=90), reviews=(), title="Taken back")
        mine(run, old)
        with other_reading(kind):
            mine(run, fresh)
    return kind, world, old, fresh


def test_a_better_reading_needs_no_second_download(mined: tuple[str, World, Lake, Lake]):
    kind, _, old, fresh = mined
    before, cursor = told(old.root), read_cursor(old, REPOSITORY, kind)
    answers = old.read("forge_answers", REPOSITORY)
    assert before != told(fresh.root)
    assert read_again(old, REPOSITORY, kind) is None
    with other_reading(kind):  # the server has stopped
        found = read_again(old, REPOSITORY, kind)
        assert found is not None
        assert (found.answers, found.left, found.problems) == (answers.height, 0, ())
        assert told(old.root) == told(fresh.root)
        assert read_cursor(old, REPOSITORY, kind) == cursor
        assert read_again(old, REPOSITORY, kind) is None
        assert noted_reading(old, REPOSITORY, kind) == READINGS[kind].READING
    assert old.read("forge_answers", REPOSITORY).equals(answers)
    assert read_again(old, REPOSITORY, kind) is None  # an older one leaves it, and says so
    assert noted_reading(old, REPOSITORY, kind) == READINGS[kind].READING
    with other_reading(kind):
        assert read_again(old, REPOSITORY, kind) is not None
