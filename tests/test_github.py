"""GitHub's pull requests through the real client, from a fake that speaks GitHub's schema."""

import json
import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from fake_forge import OTHER_TOKEN, TOKEN, Reply, serve
from fake_github import NEW_HEAD, FakeGitHub, checked, points_of
from forge_told import REPOSITORY, Told, expected, told, told_by
from forge_world import ADA, START, FakeClock, World, make_pull, make_world, sha

from quarterdeck.extractors import github_queries
from quarterdeck.extractors.forge_answers import content
from quarterdeck.extractors.forge_errors import (
    ForgeAccessError,
    ForgeAnswerError,
    ForgeError,
    ForgeLimitError,
    ForgeNotFoundError,
    ForgeUnavailableError,
)
from quarterdeck.extractors.forge_frames import read_cursor, write_cursor
from quarterdeck.extractors.forge_http import ForgeClient
from quarterdeck.extractors.forge_mining import ForgeResult, mine_forge
from quarterdeck.extractors.forge_pages import Page
from quarterdeck.extractors.forge_patience import Patience
from quarterdeck.extractors.forge_tokens import Token
from quarterdeck.extractors.github import GitHub, api_url
from quarterdeck.extractors.lake import Lake

HURRIED = Patience(attempts=4, first_wait=0.0, longest_wait=0.0, jitter=0.0, timeout=60.0)
SIZES = (5, 3, 2, 1)
SMALL_SIZES = (3, 2, 1)


@dataclass
class Run:
    """A fake, and a client of it."""

    forge: FakeGitHub
    client: ForgeClient
    lines: list[str]

    def extraction(self, slug: str = "acme/harbour", sizes: Sequence[int] = SIZES) -> GitHub:
        return GitHub(self.client, slug, REPOSITORY, sizes)

    def pages(self) -> Iterator[Page]:
        return self.extraction(sizes=SMALL_SIZES).pages(None)

    def mine(self, lake: Path, **options: Any) -> ForgeResult:
        return mine_forge(self.extraction(**options), self.client, Lake(lake), REPOSITORY)


@contextmanager
def github(
    world: World,
    tokens: Sequence[str] = (TOKEN,),
    patience: Patience = HURRIED,
    clock: FakeClock | None = None,
    **options: Any,
) -> Iterator[Run]:
    clock = clock or FakeClock()
    forge = FakeGitHub(world, clock, **options)
    lines: list[str] = []
    with serve(forge) as address:
        secrets = [Token(token, "GH_ENTERPRISE_TOKEN") for token in tokens]
        client = ForgeClient(api_url(address), secrets, clock, patience, lines.append)
        with client:
            yield Run(forge, client, lines)


def small() -> World:
    """Enough for three pages of three, and every inner connection with more than one page."""
    return make_world(8)


@pytest.fixture(scope="module")
def faultless() -> tuple[Told, int]:
    """What the small world comes to, and how many requests it takes."""
    with github(small()) as run:
        right = told_by(run.pages())
        assert right == expected(small())
        return right, len(run.forge.asked)


def test_every_query_fits_the_published_schema():
    documents = [
        github_queries.PULL_REQUESTS,
        github_queries.LEAN_PULL_REQUESTS,
        github_queries.COUNT,
        github_queries.COUNT_SINCE,
        *github_queries.MORE.values(),
    ]
    for document in documents:
        checked(document)
    assert len(documents) == 9


@pytest.mark.parametrize("size", github_queries.PAGE_SIZES)
def test_points_of_a_page_are_those_of_the_published_rule(size: int):
    variables = {"size": size, "owner": "acme", "name": "harbour", "after": None}
    assert github_queries.page_points(size) == points_of(github_queries.PULL_REQUESTS, variables)


def test_a_first_run_tells_everything_once(tmp_path: Path):
    world = make_world()
    with github(world) as run:
        result = run.mine(tmp_path)
        assert told(tmp_path) == expected(world)
        assert result.missing == 0
        assert result.warnings == ()
        assert result.requests == len(run.forge.asked)
        assert run.forge.most_at_once == 1
        spent = run.forge.limit - run.forge.remaining[TOKEN]
        assert result.points == spent
    raw = Lake(tmp_path).read("forge_answers", REPOSITORY)
    assert raw.height == result.requests
    bodies = [json.loads(content(body)) for body in raw["body"]]
    assert all("data" in body for body in bodies)
    asked = [json.loads(request) for request in raw["request"]]
    assert {question["query"] for question in asked} >= {"PullRequests", "More commits"}


def test_a_nightly_run_asks_for_what_changed_and_the_overlap(tmp_path: Path):
    world = make_world()
    with github(world) as run:
        run.mine(tmp_path)
        before = len(run.forge.asked)
        newest = max(pull.updated for pull in world.pulls.values())
        world.touch(2, newest + timedelta(hours=1), state="closed", title="Renamed")
        world.pulls[18] = replace(make_pull(18), updated=newest + timedelta(hours=2))
        result = run.mine(tmp_path)
        assert told(tmp_path) == expected(world)
        assert len(run.forge.asked) - before <= 3
        assert result.pull_requests < len(world.pulls)


def test_checks_that_ended_without_an_update_come_with_the_overlap(tmp_path: Path):
    world = make_world()
    newest = world.newest_first()[0]
    world.pulls[newest.number] = replace(newest, checks="pending")
    with github(world) as run:
        run.mine(tmp_path)
        world.pulls[newest.number] = replace(newest, checks="success")
        run.mine(tmp_path)
    assert told(tmp_path) == expected(world)


FAULTS = (
    "502", "closed", "truncated", "secondary", "secondary-silent", "gave-up", "row-missing",
    "limit",
)  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_at_any_request_changes_nothing(fault: str, faultless: tuple[Told, int]):
    right, requests = faultless
    with github(small()) as run:
        for number in range(requests):
            run.forge.asked.clear()
            run.forge.faults = {number: fault}
            assert told_by(run.pages()) == right, f"{fault} at request {number}"
            assert len(run.forge.asked) > requests


def test_other_faults_one_after_another_change_nothing(faultless: tuple[Told, int]):
    faults = {0: "503", 2: "page", 4: "429", 6: "too-much"}
    with github(small(), faults=faults) as run:
        assert told_by(run.pages()) == faultless[0]
        assert sum(run.forge.clock.slept) > 7 + 12


def test_slow_answers_are_asked_for_again(faultless: tuple[Told, int]):
    hurried = replace(HURRIED, timeout=1.0)
    with github(small(), faults={1: "slow", 4: "slow"}, patience=hurried) as run:
        assert told_by(run.pages()) == faultless[0]


def test_a_token_revoked_at_any_request_leaves_the_work_to_the_other(
    faultless: tuple[Told, int],
):
    right, requests = faultless
    for number in range(requests):
        faults = {number: "revoked"}
        with github(small(), [TOKEN, OTHER_TOKEN], faults=faults) as run:
            assert told_by(run.pages()) == right
            assert "refuses a token" in "".join(run.lines)


@pytest.mark.parametrize("wrote_state", [True, False])
def test_a_run_that_is_killed_at_any_page_goes_on_from_there(
    wrote_state: bool, faultless: tuple[Told, int]
):
    right, requests = faultless
    with github(small()) as run:
        pages = len(list(run.pages()))
        for kept in range(pages):
            before, state = [], None
            for number, page in enumerate(run.pages()):
                before.append(page)
                if number < kept or wrote_state:
                    state = page.state
                if number == kept:
                    break
            first = len(run.forge.asked)
            after = list(run.extraction(sizes=SMALL_SIZES).pages(json.loads(json.dumps(state))))
            assert told_by([*before, *after]) == right
            assert state is None or len(run.forge.asked) - first < requests


@pytest.mark.parametrize("cursors", ["keyset", "offset"])
def test_updates_while_pages_are_read_lose_nothing(cursors: str):
    for moved in (1, 8):
        for at in range(3):
            world = small()

            def move(number: int, world: World = world, moved: int = moved, at: int = at) -> None:
                if number == at:
                    oldest = world.newest_first()[-moved]
                    world.touch(oldest.number, START + timedelta(days=80), title="Moved")

            with github(world, cursors=cursors, between=move) as run:
                assert told_by(run.pages()) == expected(world), f"{moved} moved at request {at}"


def test_a_position_that_the_forge_forgot_begins_again(tmp_path: Path):
    world = make_world()
    with github(world, cursors="offset") as run:
        lake = Lake(tmp_path)
        page = next(iter(run.extraction().pages(None)))
        write_cursor(lake, REPOSITORY, "github", {**page.state, "position": "bm9uZQ=="})
        run.mine(tmp_path)
    assert told(tmp_path) == expected(world)


def test_pages_shrink_where_the_gateway_gives_up_and_grow_again(tmp_path: Path):
    world = make_world(40)
    with github(world, heavy=4) as run:
        run.mine(tmp_path)
        told_sizes = [json.loads(a.body)["variables"].get("size") for a in run.forge.asked]
        pages = [size for size in told_sizes if size != github_queries.MORE_SIZES[0]]
        assert pages[:3] == [5, 5, 3]
        assert 5 in pages[3:]
    assert told(tmp_path) == expected(world)


def test_a_pull_request_that_never_comes_whole_is_read_part_by_part(tmp_path: Path):
    world = make_world(5)
    with github(world, poison=3) as run:
        result = run.mine(tmp_path)
    right = expected(world)
    right["pulls"][2]["checks"] = None
    assert told(tmp_path) == right
    assert result.warnings == ("pull request 3: read part by part, without its checks",)


def test_long_lists_come_in_smaller_pages_where_the_gateway_gives_up(tmp_path: Path):
    world = make_world(3)
    with github(world, heavy_more=25) as run:
        run.mine(tmp_path)
        asked = [json.loads(asked.body)["variables"] for asked in run.forge.asked]
    assert {variables["size"] for variables in asked if "id" in variables} == {100, 25}
    assert told(tmp_path) == expected(world)


def test_a_long_list_that_never_comes_is_cut_and_told(tmp_path: Path):
    world = make_world(3)
    with github(world, broken=r"reviews\(first: \$size") as run:
        result = run.mine(tmp_path)
        run.forge.broken = "rateLimit"
        with pytest.raises(ForgeUnavailableError, match="HTTP 500"):
            run.mine(tmp_path / "down")
    found, right = told(tmp_path), expected(world)
    assert (found["pulls"], found["commits"]) == (right["pulls"], right["commits"])
    cut = [pull.number for pull in world.pulls.values() if len(pull.reviews) > 10]
    assert cut
    assert len(found["reviews"]) == sum(min(len(p.reviews), 10) for p in world.pulls.values())
    rest = "the rest of reviews is gone"
    assert result.warnings == tuple(f"pull request {number}: {rest}" for number in cut[::-1])


@pytest.mark.parametrize(
    "said",
    [
        {"message": "You have exceeded a secondary rate limit. Please wait a few minutes."},
        {"errors": [{"message": "You have exceeded a secondary rate limit."}]},
    ],
)
def test_a_secondary_limit_with_status_200_is_waited_out(said: dict[str, Any], tmp_path: Path):
    world, clock = make_world(3), FakeClock()
    with github(world, clock=clock, before=[Reply.of(said, 200, **{"Retry-After": "90"})]) as run:
        begun = clock.now()
        run.mine(tmp_path)
        assert 90 <= clock.now() - begun < 120
    assert told(tmp_path) == expected(world)


def test_a_page_that_never_comes_ends_the_run_and_keeps_the_others(tmp_path: Path):
    world = make_world()
    with github(world, heavy=0) as run:
        with pytest.raises(ForgeUnavailableError, match=r"HTTP 502, 4 times; run again later"):
            run.mine(tmp_path)
        assert json.loads(run.forge.asked[-1].body)["variables"]["size"] == 1
        run.forge.heavy = None
        run.mine(tmp_path)
    assert told(tmp_path) == expected(world)


@pytest.mark.parametrize("skew", [0.0, 5400.0, -5400.0])
def test_waits_for_the_reset_on_the_forges_own_clock(skew: float, tmp_path: Path):
    clock = FakeClock()
    with github(make_world(), clock=clock, skew=skew, limit=4, window=900.0) as run:
        result = run.mine(tmp_path)
        assert run.forge.refused_while_limited <= 1
        assert clock.slept
        assert all(0 < seconds <= 903 for seconds in clock.slept)
        assert sum(clock.slept) == pytest.approx(result.waited)
    assert told(tmp_path) == expected(make_world())


def test_two_tokens_share_the_points(tmp_path: Path):
    with github(make_world(), [TOKEN, OTHER_TOKEN], limit=8) as run:
        run.mine(tmp_path)
        used = {asked.token for asked in run.forge.asked}
    assert used == {TOKEN, OTHER_TOKEN}


def test_a_limit_that_is_too_long_ends_the_run(tmp_path: Path):
    too_long = pytest.raises(ForgeLimitError, match="longer than a run waits")
    with github(make_world(), limit=0, window=5 * 3600.0) as run, too_long:
        run.mine(tmp_path)


def test_enterprise_without_limits_tells_none(tmp_path: Path):
    with github(make_world(), answers_without_limits=True) as run:
        result = run.mine(tmp_path)
    assert result.points == 0
    assert told(tmp_path) == expected(make_world())


def test_a_renamed_repository_is_read_and_told(tmp_path: Path):
    with github(make_world()) as run:
        result = run.mine(tmp_path, slug="acme/old-harbour")
    assert result.warnings == ("acme/old-harbour is called acme/harbour now",)
    assert told(tmp_path) == expected(make_world())


def test_checks_that_the_token_may_not_read_are_null(tmp_path: Path):
    world = make_world(3)
    world.pulls[2] = replace(world.pulls[2], checks="refused")
    with github(world) as run:
        run.mine(tmp_path)
    assert told(tmp_path) == expected(world)
    assert [row["checks"] for row in told(tmp_path)["pulls"]] == ["failure", None, "error"]


def test_a_head_that_was_replaced_has_other_commits(tmp_path: Path):
    world = make_world(4)
    with github(world) as run:
        run.mine(tmp_path)
        rewritten = tuple((sha("rewritten", n), ADA) for n in range(2))
        world.touch(3, START + timedelta(days=80), commits=rewritten)
        run.mine(tmp_path)
    assert told(tmp_path) == expected(world)


def test_checks_of_a_head_before_the_last_are_not_those_of_the_last(tmp_path: Path):
    world = make_world(2)
    with github(world, replaced=2) as run:
        run.mine(tmp_path)
    right = expected(world)
    right["pulls"][1] |= {"head_commit_id": NEW_HEAD, "checks": None}
    assert told(tmp_path) == right


def test_an_empty_repository_has_no_pull_requests(tmp_path: Path):
    with github(World()) as run:
        assert run.mine(tmp_path).pull_requests == 0
        run.forge.world.pulls[1] = make_pull(1)
        assert run.mine(tmp_path).pull_requests == 1


def test_another_repository_under_the_name_is_read_from_the_start(tmp_path: Path):
    with github(make_world()) as run:
        run.mine(tmp_path)
        before = len(run.forge.asked)
        run.mine(tmp_path, slug="acme/old-harbour")
        assert len(run.forge.asked) - before > 4


@pytest.mark.parametrize(
    ("options", "slug", "kind", "says"),
    [
        ({"private": True}, "acme/harbour", ForgeNotFoundError, "check the slug"),
        ({}, "acme/elsewhere", ForgeNotFoundError, "acme/elsewhere"),
        ({"tokens": [OTHER_TOKEN + "x"]}, "acme/harbour", ForgeAccessError, "set a new one"),
        ({"tokens": []}, "acme/harbour", ForgeAccessError, "asks for a token"),
    ],
)
def test_what_cannot_be_read_says_what_where_and_what_to_do(
    options: dict[str, Any], slug: str, kind: type[ForgeError], says: str, tmp_path: Path
):
    with github(make_world(2), **options) as run:
        with pytest.raises(kind) as error:
            run.mine(tmp_path, slug=slug)
        assert says in str(error.value)
        assert run.client.base_url in str(error.value)
    assert read_cursor(Lake(tmp_path), REPOSITORY, "github") is None


def test_a_server_that_is_no_github_is_told(tmp_path: Path):
    with github(make_world(2)) as run:
        run.client.base_url = run.client.base_url.removesuffix("/api/graphql")
        with pytest.raises(ForgeNotFoundError):
            run.mine(tmp_path)


def test_a_question_that_the_server_does_not_know_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    asked = github_queries.PULL_REQUESTS.replace("isDraft", "isDraft newField")
    monkeypatch.setattr(github_queries, "PULL_REQUESTS", asked)
    with github(make_world(2)) as run, pytest.raises(ForgeAnswerError, match="newField"):
        run.mine(tmp_path)


def of_extractors(error: pytest.ExceptionInfo[BaseException]) -> Any:
    """Calls in our own code: the test's own variables hold the tokens."""
    return error.traceback.filter(lambda entry: "extractors" in str(entry.path))


def test_no_token_is_shown_anywhere(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
):
    caplog.set_level(logging.DEBUG)
    errors: list[str] = []
    tokens = [TOKEN, OTHER_TOKEN]
    faults = {0: "502", 1: "revoked", 3: "secondary", 4: "truncated", 5: "closed"}
    world = make_world()
    world.pulls[1] = replace(world.pulls[1], body=f"pasted {TOKEN} by mistake", author=ADA)
    with github(world, tokens, faults=faults) as run:
        run.mine(tmp_path)
        run.forge.tokens.clear()
        with pytest.raises(ForgeAccessError) as error:
            run.mine(tmp_path)
        shown = error.getrepr(showlocals=True, style="long", tbfilter=of_extractors)
        assert "_refuse_token" in str(shown)
        errors += [str(error.value), repr(error.value), str(shown)]
        errors += [repr(run.client), repr(run.client._seats), *run.lines]
    seen = "".join([caplog.text, *capfd.readouterr(), *errors]).encode()
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(files) > 5
    answers = b"".join(
        content(body) for body in Lake(tmp_path).read("forge_answers", REPOSITORY)["body"]
    )
    for secret in tokens:
        assert secret.encode() not in seen
        assert secret.encode() not in answers
        assert all(secret.encode() not in path.read_bytes() for path in files)
    assert TOKEN not in str(told(tmp_path))


def test_the_address_of_the_api():
    assert api_url("https://github.com") == "https://api.github.com/graphql"
    assert api_url("https://acme.ghe.com") == "https://api.acme.ghe.com/graphql"
    assert api_url("https://git.acme.example/") == "https://git.acme.example/api/graphql"


def test_an_estimate_counts_requests_and_points(tmp_path: Path):
    world = make_world()
    with github(world) as run:
        first = run.extraction(sizes=github_queries.PAGE_SIZES).estimate(None)
        assert (first.pull_requests, first.requests, first.points) == (17, 1, 9)
        run.mine(tmp_path)
        newest = world.newest_first()[0].updated
        since = sum(p.updated >= newest - timedelta(hours=6) for p in world.pulls.values())
        state = read_cursor(Lake(tmp_path), REPOSITORY, "github")
        nightly = run.extraction().estimate(state)
        assert (nightly.pull_requests, nightly.requests) == (since, -(-since // 5))
