"""Reviews that a forge tells no more are dismissed, so every night comes to the same as once."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from forge_told import REPOSITORY, told
from forge_world import BEN, START, Review, World
from test_forge_parts import KINDS, forge, small_world

from quarterdeck.extractors.forge_frames import ForgeFrames
from quarterdeck.extractors.forge_withdrawn import KnownReviews
from quarterdeck.extractors.lake import Lake


def reviewed() -> World:
    world = small_world()
    given = Review(9001, BEN, "approved", START, 0)
    for number, pull in world.pulls.items():
        world.pulls[number] = replace(pull, reviews=(replace(given, number=9000 + number),))
    return world


@pytest.mark.parametrize("kind", KINDS)
def test_an_approval_taken_back_is_dismissed(kind: str, tmp_path: Path):
    world, lake = reviewed(), Lake(tmp_path)
    with forge(kind, world) as run:
        run.mine(lake)
        before = told(tmp_path)["reviews"]
        assert {review["state"] for review in before} == {"approved"}
        world.touch(1, START + timedelta(days=90), reviews=())
        run.mine(lake)
        run.mine(lake)
    after = told(tmp_path)["reviews"]
    assert after == [
        review | {"state": "dismissed" if review["number"] == 1 else "approved"}
        for review in before
    ]
    parts = lake.read("forge_reviews", REPOSITORY)
    assert parts.filter(state="dismissed").height == 1  # once, and not every night


def test_reviews_that_could_not_be_read_stay(tmp_path: Path):
    def page(day: int, reviews: list[str], unread: tuple[int, ...] = ()) -> ForgeFrames:
        key = {"repository_id": "harbour", "number": 7, "fetched_at": START + timedelta(days=day)}
        given = [key | {"review_id": review, "state": "approved"} for review in reviews]
        return ForgeFrames.from_rows([key | {"source": "github"}], (), given, (), unread)

    known = KnownReviews.of(Lake(tmp_path), "harbour")
    assert known.with_withdrawn(page(0, ["a", "b"])).reviews.height == 2
    assert known.with_withdrawn(page(1, [], (7,))).reviews.height == 0
    gone = known.with_withdrawn(page(2, ["b"])).reviews.select("review_id", "state").rows()
    assert gone == [("b", "approved"), ("a", "dismissed")]
    again = known.with_withdrawn(page(3, ["a"])).reviews.select("review_id", "state").rows()
    assert again == [("a", "approved"), ("b", "dismissed")]
