"""GitLab's merge requests and Gitea's pull requests through the real client."""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from fake_forge import OTHER_TOKEN, TOKEN, FakeForge, Reply, serve
from fake_gitea import FakeGitea
from fake_gitlab import FakeGitLab
from forge_descriptions import Description
from forge_told import REPOSITORY, Told, expected, told, told_by
from forge_world import BOT, START, FakeClock, World, make_world

from quarterdeck.extractors import gitea, gitlab
from quarterdeck.extractors.forge_errors import (
    ForgeAccessError,
    ForgeAnswerError,
    ForgeNotFoundError,
    ForgeUnavailableError,
)
from quarterdeck.extractors.forge_http import ForgeClient
from quarterdeck.extractors.forge_mining import mine_forge
from quarterdeck.extractors.forge_pages import Extraction, Page
from quarterdeck.extractors.forge_patience import Patience
from quarterdeck.extractors.forge_tokens import Token
from quarterdeck.extractors.lake import Lake

HURRIED = Patience(attempts=3, first_wait=0.0, longest_wait=0.0, jitter=0.0, timeout=60.0)
SMALL = 3


def of_gitlab(world: World) -> Told:
    """What GitLab's answers come to: no counts of lines, approvals alone as reviews."""
    right = expected(world)
    for row in right["pulls"]:
        pull = world.pulls[row["number"]]
        is_bot = pull.author == BOT
        row |= {"source": "gitlab", "forge_id": str(5000 + pull.number)}
        row |= {"url": f"https://forge.example/acme/harbour/-/merge_requests/{pull.number}"}
        row |= {"author_login": "project_7_bot_0a1b2c" if is_bot else row["author_login"]}
        row |= {"author_is_bot": True if is_bot else None, "author_association": None}
        row |= {"closing_issues": None, "added": None, "deleted": None}
        row |= {"comments": pull.comments + len(pull.threads)}
    for row in right["commits"]:
        row["author_login"] = None
    right["reviews"] = []
    for pull in world.pulls.values():
        given = [review for review in pull.reviews if review.state == "approved"]
        by = {r.reviewer.number if r.reviewer else 1: r for r in given}
        right["reviews"] += [
            {
                "repository_id": REPOSITORY,
                "number": pull.number,
                "review_id": f"approval {pull.number} {account}",
                "reviewer_login": {1: None, 102: "ben-sample", 103: "project_7_bot_0a1b2c"}[
                    account
                ],
                "reviewer_is_bot": True if account == 103 else None,
                "state": "approved",
                "submitted_at": review.at,
                "comments": None,
            }
            for account, review in by.items()
        ]
    right["reviews"].sort(key=lambda row: (row["number"], row["review_id"]))
    return right


def of_gitea(world: World) -> Told:
    """What Gitea's answers come to: no threads, no bots."""
    right = expected(world)
    for row in right["pulls"]:
        pull = world.pulls[row["number"]]
        row |= {"source": "gitea", "forge_id": str(5000 + pull.number)}
        row |= {"url": f"https://forge.example/acme/harbour/pulls/{pull.number}"}
        row |= {"author_login": pull.author.login if pull.author else None}
        row |= {"author_is_bot": None, "author_association": None, "closing_issues": None}
        row |= {"review_threads": None, "resolved_threads": None}
        if pull.head_repository is None:  # there is nothing to compare with
            row |= {"added": None, "deleted": None, "changed_files": None}
    names = {BOT.login + "[bot]": BOT.login}
    for row in right["reviews"]:
        row["review_id"] = row["review_id"].removeprefix("PRR_")
        row["reviewer_login"] = names.get(row["reviewer_login"], row["reviewer_login"])
        row["reviewer_is_bot"] = None
    right["reviews"].sort(key=lambda row: (row["number"], row["review_id"]))
    return right


@dataclass(frozen=True)
class Kind:
    """A kind of forge, and what is to come out of it."""

    fake: Callable[..., FakeForge]
    api: str
    extraction: Callable[..., Any]
    right: Callable[[World], Told]


KINDS = {
    "gitlab": Kind(FakeGitLab, "/api/v4", gitlab.GitLab, of_gitlab),
    "gitea": Kind(FakeGitea, "/api/v1", gitea.Gitea, of_gitea),
}


@dataclass
class Run:
    forge: Any
    client: ForgeClient
    kind: Kind

    def extraction(self, slug: str = "acme/harbour", page_size: int = SMALL) -> Extraction:
        made: Extraction = self.kind.extraction(self.client, slug, REPOSITORY, page_size)
        return made

    def pages(self, state: Any = None, **options: Any) -> Iterator[Page]:
        return self.extraction(**options).pages(state)


@contextmanager
def forge(
    kind: str, world: World, tokens: Sequence[str] = (TOKEN,), **options: Any
) -> Iterator[Run]:
    clock = FakeClock()
    fake = KINDS[kind].fake(world, clock, **options)
    with serve(fake) as address:
        secrets = [Token(token, "GITLAB_TOKEN") for token in tokens]
        api = address + KINDS[kind].api
        with ForgeClient(api, secrets, clock, HURRIED) as client:
            yield Run(fake, client, KINDS[kind])


def small() -> World:
    """Short lists, a few of them of more than one page."""
    world = make_world(8)
    long = world.pulls[3]
    world.pulls[3] = replace(
        long, commits=long.commits[:4], reviews=long.reviews[:4], threads=long.threads[:4]
    )
    return world


@pytest.mark.parametrize("kind", KINDS)
def test_a_first_run_tells_everything_once(kind: str, tmp_path: Path):
    world = make_world(12)
    with forge(kind, world) as run:
        lake = Lake(tmp_path)
        result = mine_forge(run.extraction(page_size=50), run.client, lake, REPOSITORY)
        assert result.requests == len(run.forge.asked)
        assert result.missing == 0
        assert run.forge.most_at_once == 1
    assert told(tmp_path) == KINDS[kind].right(world)
    assert result.pull_requests == 12
    assert lake.read("forge_answers", REPOSITORY).height == result.requests


@pytest.mark.parametrize("kind", KINDS)
def test_requests_and_answers_are_as_the_forge_describes_them(kind: str):
    description, prefix = Description.of(kind), KINDS[kind].api
    with forge(kind, small()) as run:
        pages = list(run.pages())
        list(run.pages(pages[-1].state))
        run.extraction().estimate(pages[-1].state)
        answered = run.forge.answered
    assert len(answered) == len(run.forge.asked)
    for asked, reply in answered:
        path = asked.path.removeprefix(prefix)
        found = description.problems(asked.method, path, asked.query, reply.body)
        assert not found, f"{asked.method} {path}: {found}"


@pytest.mark.parametrize(
    ("path", "query", "answer", "says"),
    [
        ("/repos/a/b/pull", {}, [], "is not described"),
        ("/repos/a/b/pulls", {"order": "newest"}, [], "no such parameter: order"),
        ("/repos/a/b/pulls", {"sort": "newest"}, [], "'newest' is not one of"),
        ("/repos/a/b/pulls", {"limit": '"all"'}, [], "is not of type 'number'"),
        ("/repos/a/b/pulls", {}, {}, "is not of type 'array'"),
        ("/repos/a/b/pulls", {}, [{"number": "7"}], "is not of type 'number'"),
        ("/repos/a/b/pulls", {}, [{"iid": 7}], "'iid' was unexpected"),
        ("/repos/a/b/pulls", {}, [{"closed_at": "yesterday"}], "not valid under any"),
        ("/repos/a/b/pulls", {}, [{"user": {"login": None}}], "is not of type 'string'"),
    ],
)
def test_what_is_not_as_described_is_found(
    path: str, query: dict[str, str], answer: Any, says: str
):
    found = Description.of("gitea").problems("GET", path, query, json.dumps(answer).encode())
    assert len(found) == 1
    assert says in found[0]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("fault", ["502", "closed", "truncated", "limit"])
def test_a_fault_at_any_request_changes_nothing(kind: str, fault: str):
    world = small()
    world.pulls = {number: world.pulls[number] for number in (1, 2, 4)}
    with forge(kind, world) as run:
        right = told_by(run.pages(page_size=2))
        requests = len(run.forge.asked)
        assert right == KINDS[kind].right(world)
        for number in range(requests):
            run.forge.asked.clear()
            run.forge.faults = {number: fault}
            assert told_by(run.pages(page_size=2)) == right, f"{fault} at request {number}"
            assert len(run.forge.asked) == requests + 1


@pytest.mark.parametrize(
    ("kind", "broken", "lost"),
    [
        ("gitea", r"/pulls/2/commits$", "commits"),
        ("gitea", r"/pulls/2/reviews$", "reviews"),
        ("gitlab", r"/merge_requests/2/commits$", "commits"),
        ("gitlab", r"/merge_requests/2/approvals$", "reviews"),
        ("gitlab", r"/merge_requests/2$", None),
    ],
)
def test_one_pull_request_that_breaks_the_forge_stops_no_other(
    kind: str, broken: str, lost: str | None
):
    world = small()
    with forge(kind, world) as run:
        right = told_by(run.pages())
        run.forge.broken = broken
        pages = list(run.pages())
    found = told_by(iter(pages))
    assert [row["number"] for row in found["pulls"]] == list(world.pulls)
    for table in ("commits", "reviews"):
        left = [row for row in right[table] if table != lost or row["number"] != 2]
        assert found[table] == left
    assert any("/2" in line and "HTTP 500" in line for page in pages for line in page.warnings)


@pytest.mark.parametrize("kind", KINDS)
def test_a_forge_that_fails_altogether_leaves_nothing_out(kind: str):
    with forge(kind, small()) as run:
        pages = run.pages()
        next(pages)
        run.forge.broken = "api"
        with pytest.raises(ForgeUnavailableError, match="HTTP 500"):
            next(pages)


@pytest.mark.parametrize("kind", KINDS)
def test_a_run_that_is_stopped_after_any_page_goes_on_from_there(kind: str):
    with forge(kind, small()) as run:
        right, whole = KINDS[kind].right(small()), len(list(run.pages()))
        requests = len(run.forge.asked)
        for kept in range(1, whole):
            before = [page for page, _ in zip(run.pages(), range(kept), strict=False)]
            state = json.loads(json.dumps(before[-1].state))
            run.forge.asked.clear()
            after = list(run.pages(state))
            assert told_by([*before, *after]) == right
            assert len(run.forge.asked) < requests


@pytest.mark.parametrize("kind", KINDS)
def test_updates_while_pages_are_read_lose_nothing(kind: str):
    for moved in (1, 8):
        for at in (0, 9, 14):
            world = small()

            def move(number: int, world: World = world, moved: int = moved, at: int = at) -> None:
                if number == at:
                    oldest = world.newest_first()[-moved]
                    world.touch(oldest.number, START + timedelta(days=80), title="Moved")

            with forge(kind, world, between=move) as run:
                assert told_by(run.pages()) == KINDS[kind].right(world), f"{moved} at {at}"


@pytest.mark.parametrize("kind", KINDS)
def test_a_nightly_run_asks_for_what_changed_and_the_overlap(kind: str):
    world = small()
    with forge(kind, world) as run:
        before = list(run.pages())
        requests = len(run.forge.asked)
        newest = world.newest_first()[0].updated
        world.touch(2, newest + timedelta(hours=1), state="open", closed=None)
        after = list(run.pages(json.loads(json.dumps(before[-1].state))))
        assert told_by([*before, *after]) == KINDS[kind].right(world)
        assert len(run.forge.asked) - requests < requests


@pytest.mark.parametrize("kind", KINDS)
def test_many_updates_at_one_time_are_all_read(kind: str):
    world = small()
    for number in range(1, 8):
        world.pulls[number] = replace(world.pulls[number], updated=START + timedelta(days=9))
    with forge(kind, world) as run:
        assert told_by(run.pages()) == KINDS[kind].right(world)


def test_updates_among_many_of_one_time_lose_nothing():
    world = small()
    same = START + timedelta(days=9)
    world.pulls = {n: replace(pull, updated=same) for n, pull in world.pulls.items()}
    with forge("gitlab", world) as run:
        found: set[int] = set()
        for page in run.pages(page_size=SMALL):
            found |= set(page.frames.pull_requests["number"])
            first = min(world.pulls, key=lambda n: (world.pulls[n].updated, n))
            if world.pulls[first].updated == same and first in found:
                later = same + timedelta(minutes=first)
                world.pulls[first] = replace(world.pulls[first], updated=later)
    assert found == set(world.pulls)


@pytest.mark.parametrize("kind", KINDS)
def test_without_counts_lists_are_read_to_their_end(kind: str):
    with forge(kind, small(), counts=False) as run:
        assert told_by(run.pages()) == KINDS[kind].right(small())
        assert run.extraction().estimate(None).pull_requests is None


def test_lists_that_tell_lines_save_a_request_each():
    with forge("gitea", small(), sized_lists=True) as run:
        run.forge.world.pulls[6] = replace(run.forge.world.pulls[6], head_repository="acme/x")
        estimate = run.extraction(page_size=50).estimate(None)
        run.forge.asked.clear()
        list(run.pages(page_size=50))
        assert len(run.forge.asked) == estimate.requests == 1 + 8 * 3


def test_a_server_that_gives_fewer_a_page_is_read_to_the_end():
    with forge("gitea", small(), most=2) as run:
        assert told_by(run.pages()) == of_gitea(small())


@pytest.mark.parametrize("deleted", [1, 4])
def test_what_is_deleted_while_pages_are_read_takes_no_other_along(deleted: int):
    world = small()
    newest = [pull.number for pull in world.newest_first()]

    def delete(number: int) -> None:
        if number == 14:
            for gone in newest[:deleted]:
                del world.pulls[gone]

    with forge("gitea", world, between=delete) as run:
        pages = list(run.pages())
    found = {row["number"] for row in told_by(pages)["pulls"]}
    assert found >= set(newest[deleted:])


def test_a_page_of_which_some_are_hidden_is_not_the_last():
    world = small()
    oldest = [pull.number for pull in world.newest_first()][::-1]
    hidden = frozenset([oldest[1], *oldest[3:6]])
    with forge("gitlab", world, hidden=hidden) as run:
        pages = list(run.pages())
    world.pulls = {n: pull for n, pull in world.pulls.items() if n not in hidden}
    assert told_by(pages) == of_gitlab(world)


@pytest.mark.parametrize("kind", KINDS)
def test_an_estimate_from_an_answer_of_another_form_is_told(kind: str):
    with forge(kind, small()) as run:
        pages = list(run.pages())
        state = dict(pages[-1].state)
        total = "X-Total" if kind == "gitlab" else "X-Total-Count"
        run.forge.reply = lambda _asked: Reply(200, b'{"a": 1}', {total: "many"})
        if kind == "gitlab":
            assert run.extraction().estimate(state).pull_requests is None
        else:
            with pytest.raises(ForgeAnswerError, match="another form"):
                run.extraction().estimate(state)


def test_without_approvals_reviews_are_missing_and_the_rest_is_there():
    with forge("gitlab", small(), has_approvals=False) as run:
        pages = list(run.pages())
        assert told_by(pages) == {**of_gitlab(small()), "reviews": []}
        assert "the token may not read" in pages[0].warnings[0]


def test_a_redirect_of_a_renamed_repository_is_followed():
    with forge("gitea", small()) as run:
        page = next(iter(run.pages(slug="acme/old-harbour")))
        assert page.frames.pull_requests.height == SMALL
    assert {asked.token for asked in run.forge.asked} == {TOKEN}


def test_a_redirect_to_another_host_does_not_take_the_token_along():
    other = FakeGitea(small(), FakeClock())
    with serve(other) as elsewhere, forge("gitea", small()) as run:
        place = f"{elsewhere}/api/v1/repos/acme/harbour/pulls?state=all&sort=recentupdate"
        run.forge.reply = lambda _asked: Reply(302, b"", {"Location": place})
        with pytest.raises(ForgeAnswerError):  # its parts redirect to that list, too
            list(run.pages())
    assert [asked.token for asked in run.forge.asked[:1]] == [TOKEN]
    assert other.asked
    assert {asked.token for asked in other.asked} == {None}


@pytest.mark.parametrize("kind", KINDS)
def test_what_cannot_be_read_says_what_where_and_what_to_do(kind: str):
    with forge(kind, small()) as run, pytest.raises(ForgeNotFoundError) as missing:
        list(run.pages(slug="acme/elsewhere"))
    assert "check the name (slug)" in str(missing.value)
    refused = pytest.raises(ForgeAccessError, match="refuses the token from GITLAB_TOKEN")
    with forge(kind, small(), [OTHER_TOKEN + "x"]) as run, refused:
        list(run.pages())
    with forge(kind, small()) as run:
        run.client.base_url += "/projects/77" if kind == "gitlab" else "/x"
        with pytest.raises(ForgeNotFoundError):
            list(run.pages())


@pytest.mark.parametrize("kind", KINDS)
def test_an_answer_of_another_form_is_told(kind: str):
    with forge(kind, small()) as run:
        run.forge.reply = lambda _asked: Reply.of([{"number": 1, "iid": 1, "updated_at": 3}])
        with pytest.raises(ForgeAnswerError, match="another form"):
            list(run.pages())


@pytest.mark.parametrize("kind", KINDS)
def test_a_token_revoked_on_the_way_ends_the_run_and_leaves_no_gap(kind: str):
    with forge(kind, small()) as run:
        for number in (0, 5, 13):
            run.forge.asked.clear()
            run.forge.faults = {number: "revoked"}
            kept: list[Page] = []
            with pytest.raises(ForgeAccessError, match="set a new one"):
                for page in run.pages():
                    kept.append(page)
            run.forge.tokens.add(TOKEN)
            run.forge.faults = {}
            run.client = ForgeClient(
                run.client.base_url, run.client.tokens, run.forge.clock, HURRIED
            )
            state = kept[-1].state if kept else None
            assert told_by([*kept, *run.pages(state)]) == KINDS[kind].right(small())


@pytest.mark.parametrize("kind", KINDS)
def test_an_estimate_counts_requests(kind: str):
    world = small()
    with forge(kind, world) as run:
        extraction = run.extraction(page_size=50)
        first = extraction.estimate(None)
        run.forge.asked.clear()
        pages = list(extraction.pages(None))
        assert first.pull_requests == 8
        assert first.requests is not None
        assert abs(first.requests - len(run.forge.asked)) <= 8
        nightly = extraction.estimate(pages[-1].state)
        assert nightly.pull_requests is not None
        assert nightly.pull_requests < 8
