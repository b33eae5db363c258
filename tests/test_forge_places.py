"""Repositories that are transferred or locked, and pull requests that are: nothing is lost."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fake_forge import Asked, Reply
from forge_told import REPOSITORY, told
from forge_world import START
from test_forge_parts import KINDS, forge, night, small_world

from quarterdeck.extractors import gitea, github, gitlab
from quarterdeck.extractors.forge_errors import ForgeAccessError
from quarterdeck.extractors.forge_frames import read_cursor
from quarterdeck.extractors.lake import Lake

READERS: dict[str, Any] = {
    "github": lambda client, slug: github.GitHub(client, slug, REPOSITORY, (3, 1)),
    "gitlab": lambda client, slug: gitlab.GitLab(client, slug, REPOSITORY, 3),
    "gitea": lambda client, slug: gitea.Gitea(client, slug, REPOSITORY, 3),
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_transferred_repository_is_read_on_under_its_old_name_and_its_new_one(
    kind: str, tmp_path: Path
):
    world, lake, lines = small_world(), Lake(tmp_path / "moved"), list[str]()
    world.slug = "acme/old-harbour"
    with forge(kind, world) as run:
        run.client.tell = lines.append
        run.extraction = READERS[kind](run.client, "acme/old-harbour")
        run.mine(lake)
        first = len(run.forge.asked)
        cursor = read_cursor(lake, REPOSITORY, kind)
        world.slug = "acme/harbour"  # another owner takes it over, and somebody is at work there
        night(world)
        run.extraction = READERS[kind](run.client, "acme/old-harbour")
        under_old = run.mine(lake)
        assert under_old.pull_requests < len(world.pulls)  # goes on where it was
        said = [*lines, *under_old.warnings]
        assert sum("called acme/harbour now" in s or "has moved" in s for s in said) == 1
        right = Lake(tmp_path / "right")
        run.extraction = READERS[kind](run.client, "acme/harbour")
        run.mine(right)
        assert without_urls(lake) == without_urls(right)
        after = run.mine(lake)  # the settings have the new name now
        assert after.missing == 0
        assert told(lake.root) == told(right.root)
    assert first
    assert read_cursor(lake, REPOSITORY, kind) != cursor


def without_urls(lake: Lake) -> Any:
    """Old pull requests keep the address and the head that they had, until they are told anew."""
    found = told(lake.root)
    own = ("url", "head_repository")
    rows = [{key: row[key] for key in row if key not in own} for row in found["pulls"]]
    return found | {"pulls": rows}


LOCKED = {
    "github": Reply.of(
        {
            "data": {"repository": None},
            "errors": [
                {
                    "type": "FORBIDDEN",
                    "path": ["repository"],
                    "message": "Repository access blocked",
                }
            ],
        }
    ),
    "gitlab": Reply.of({"message": "403 Forbidden - Repository access blocked"}, 403),
    "gitea": Reply.of({"message": "Repository access blocked"}, 403),
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_repository_that_is_locked_on_the_way_is_told_and_gone_on_with(kind: str, tmp_path: Path):
    world, lake, right = small_world(), Lake(tmp_path / "locked"), Lake(tmp_path / "right")
    with forge(kind, world) as run:
        run.mine(right)
        run.forge.asked.clear()
        answer = run.forge.reply

        def locked(asked: Asked) -> Reply:
            pages = sum(is_list(one) for one in run.forge.asked)
            is_locked = pages > 1 and is_list(asked)
            return replace(LOCKED[kind], headers={}) if is_locked else answer(asked)

        run.forge.reply = locked  # type: ignore[method-assign]
        with pytest.raises(ForgeAccessError, match=r"Repository access blocked.*; give the token"):
            run.mine(lake)
        held = told(lake.root)["pulls"]
        assert 0 < len(held) < len(world.pulls)
        cursor = read_cursor(lake, REPOSITORY, kind)
        with pytest.raises(ForgeAccessError):
            run.mine(lake)
        assert told(lake.root)["pulls"] == held
        assert read_cursor(lake, REPOSITORY, kind) == cursor
        run.forge.reply = answer  # type: ignore[method-assign]
        run.mine(lake)
    assert told(lake.root) == told(right.root)


def is_list(asked: Asked) -> bool:
    """Whether a page of pull requests was asked for."""
    if asked.body:
        return "pullRequests" in json.loads(asked.body)["query"]
    return asked.path.endswith(("/pulls", "/merge_requests"))


@pytest.mark.parametrize("kind", KINDS)
def test_pull_requests_of_one_update_time_go_over_several_pages(kind: str, tmp_path: Path):
    world, lake = small_world(), Lake(tmp_path)
    for number, pull in world.pulls.items():
        world.pulls[number] = replace(pull, updated=START)
    with forge(kind, world) as run:
        assert run.mine(lake).missing == 0
        assert len(told(tmp_path)["pulls"]) == len(world.pulls) > 3
        for number in (1, 2, 4, 5):  # labelled all at once
            world.touch(number, START.replace(month=5), labels=("bulk",))
        assert run.mine(lake).missing == 0
    assert [row["number"] for row in told(tmp_path)["pulls"] if row["labels"] == ["bulk"]] == [
        1, 2, 4, 5,
    ]  # fmt: skip


def test_a_merge_request_that_is_locked_while_it_is_merged_is_open(tmp_path: Path):
    world, lake = small_world(), Lake(tmp_path)
    number = next(n for n, pull in world.pulls.items() if pull.state == "open")
    with forge("gitlab", world) as run:
        answer = run.forge.reply

        def locked(asked: Asked) -> Reply:
            reply = answer(asked)
            body = reply.body.replace(b'"state": "opened"', b'"state": "locked"')
            return Reply(reply.status, body, reply.headers)

        run.forge.reply = locked  # type: ignore[method-assign]
        run.mine(lake)
    assert {row["number"]: row["state"] for row in told(tmp_path)["pulls"]}[number] == "open"
