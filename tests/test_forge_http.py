"""What a client makes of limits and odd answers, one answer after another."""

import gzip
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import cache
from itertools import count
from typing import Any

import pytest
from fake_forge import OTHER_TOKEN, TOKEN, Asked, FakeForge, Reply, serve
from forge_world import FakeClock, World

from quarterdeck.extractors import forge_transfer
from quarterdeck.extractors.forge_errors import (
    ForgeAccessError,
    ForgeAnswerError,
    ForgeError,
    ForgeLimitError,
    ForgeUnavailableError,
)
from quarterdeck.extractors.forge_frames import ForgeFrames
from quarterdeck.extractors.forge_http import ForgeClient
from quarterdeck.extractors.forge_pages import (
    Listed,
    LostPositionError,
    NewestFirst,
    Progress,
    moment,
)
from quarterdeck.extractors.forge_patience import Patience
from quarterdeck.extractors.forge_tokens import Token

HURRIED = Patience(attempts=3, first_wait=0.0, longest_wait=0.0, jitter=0.0, timeout=60.0)


@dataclass
class Scripted(FakeForge):
    """Gives the answers of a list, and then a good one."""

    script: list[Reply] = field(default_factory=list)

    def reply(self, asked: Asked) -> Reply:
        return self.script.pop(0) if self.script else Reply.of({"ok": True})

    def spoiled(self, kind: str) -> Reply:
        return Reply(429, b"", {})

    def limit_headers(self, token: str | None) -> dict[str, str]:
        return {}


@contextmanager
def scripted(*replies: Reply, skew: float = 0.0, tokens: int = 1) -> Iterator[ForgeClient]:
    clock = FakeClock()
    forge = Scripted(World(), clock, skew=skew, script=list(replies))
    secrets = [Token(secret, "T") for secret in (TOKEN, OTHER_TOKEN)[:tokens]]
    with serve(forge) as address, ForgeClient(address, secrets, clock, HURRIED) as client:
        yield client


def in_a_minute(skew: float) -> str:
    now = datetime.fromtimestamp(FakeClock().now() + skew, UTC)
    return format_datetime(now + timedelta(seconds=60), usegmt=True)


@pytest.mark.parametrize("status", [403, 429, 503])
@pytest.mark.parametrize("skew", [0.0, 7200.0])
def test_a_date_to_wait_for_is_by_the_forges_clock(status: int, skew: float):
    limited = Reply(status, b"", {"Retry-After": in_a_minute(skew)})
    with scripted(limited, skew=skew) as client:
        assert client.get("/").json == {"ok": True}
        assert client.usage.waited == pytest.approx(60, abs=3)


@pytest.mark.parametrize("told", ["soon", "nan", "-5", "1e9"])
def test_a_wait_that_is_no_time_is_as_none(told: str):
    with scripted(Reply(429, b"", {"Retry-After": told})) as client:
        assert client.get("/").json == {"ok": True}
        assert client.usage.waited == pytest.approx(61, abs=1)


@pytest.mark.parametrize("status", [403, 429, 503])
def test_a_wait_that_is_too_long_ends_the_run(status: int):
    with scripted(Reply(status, b"", {"Retry-After": "86400"})) as client:
        with pytest.raises(ForgeLimitError, match="ends in 1440 minutes, longer than a run waits"):
            client.get("/")
        assert client.usage.waited == 0


def test_a_reset_in_the_past_is_waited_for_as_one_unsaid():
    past = int(FakeClock().now()) - 300
    headers = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(past)}
    refused = [Reply(403, b'{"message": "API rate limit exceeded"}', headers)] * 3
    with scripted(*refused) as client:
        assert client.get("/").json == {"ok": True}
        assert client.usage.waited == pytest.approx(60 + 120 + 240, abs=5)


def test_a_token_without_points_leaves_the_work_to_the_other():
    later = int(FakeClock().now()) + 1800
    headers = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(later)}
    with scripted(Reply(403, b"{}", headers), tokens=2) as client:
        assert client.get("/").json == {"ok": True}
        assert client.usage.waited == 0


NO_RIGHT = Reply(403, b'{"message": "Resource not accessible"}')
NOT_THERE = Reply(404, b'{"message": "Not Found"}')
BAD_TOKEN = Reply(401, b'{"message": "Bad credentials"}')


@pytest.mark.parametrize("lacking", [NO_RIGHT, NOT_THERE])
def test_what_one_token_may_not_read_another_may(lacking: Reply):
    with scripted(lacking, tokens=2) as client:
        assert client.get("/").json == {"ok": True}
        assert client.get("/").json == {"ok": True}
        assert client.usage.requests == 3  # the one that could is asked first from then on


@pytest.mark.parametrize("second", [NOT_THERE, BAD_TOKEN, Reply(429, b"", {"Retry-After": "60"})])
def test_what_no_token_may_read_is_told_as_by_the_first(second: Reply):
    with scripted(NO_RIGHT, second, tokens=2) as client:
        with pytest.raises(ForgeAccessError, match="Resource not accessible; give the token"):
            client.get("/")
        assert (client.usage.requests, client.usage.waited) == (2, 0)


def test_a_question_that_is_sent_elsewhere_says_where():
    moved = Reply(301, b"", {"Location": "https://git.example.com/api/graphql"})
    with scripted(moved) as client, pytest.raises(ForgeAnswerError) as error:
        client.post("", {}, "question")
    assert "HTTP 301: redirects to https://git.example.com/api/graphql; set base_url" in str(
        error.value
    )


def test_a_redirect_to_another_host_takes_no_token():
    """The other host is asked as by anybody, and its answer is told to come from there."""
    other = Scripted(World(), FakeClock(), script=[Reply.of({"ok": "there"})])
    told: list[str] = []
    with serve(other) as there:
        moved = Reply(302, b"x" * 10_000, {"Location": f"{there}/elsewhere"})
        with scripted(moved) as client:
            client.tell = told.append
            assert client.get("/").json == {"ok": "there"}
    assert [asked.token for asked in other.asked] == [None]
    assert told and f"read as {there}/elsewhere" in told[0]


def test_a_token_does_not_go_over_the_network_in_clear():
    secret = [Token(TOKEN, "T")]
    with pytest.raises(ForgeAccessError, match="in clear; use an https address") as error:
        ForgeClient("http://git.example.com", secret)
    assert TOKEN not in str(error.value)
    ForgeClient("http://git.example.com").close()
    ForgeClient("https://git.example.com", secret).close()


def test_redirects_without_end_end():
    with scripted(*[Reply(302, b"", {"Location": "/again"})] * 30) as client:
        with pytest.raises(ForgeAnswerError, match="redirects without end"):
            client.get("/")
        assert client.get("/").json == {"ok": True}


@cache
def bomb() -> bytes:
    """Less than 100 kB that unpack to 65 MB of JSON."""
    return gzip.compress(b'"' + b"0" * (65 << 20) + b'"')


@pytest.mark.parametrize("status", [200, 403])
def test_an_answer_that_unpacks_to_more_than_memory_is_not_read(status: int):
    reply = Reply(status, bomb(), {"Content-Encoding": "gzip"})
    with (
        scripted(reply) as client,
        pytest.raises(ForgeAnswerError, match="an answer of more than 64 MB"),
    ):
        client.get("/")


def test_what_comes_with_a_redirect_is_not_read():
    with scripted(Reply(302, b"no gzip", {"Content-Encoding": "gzip", "Location": "/"})) as client:
        assert client.get("/").json == {"ok": True}
        assert client.usage.requests == 1


@pytest.mark.parametrize("packing", ["zstd", "br", "gzip, gzip", "x\x1b[2J"])
def test_an_answer_packed_as_nobody_asked_is_not_unpacked(packing: str):
    with scripted(Reply(200, b"anything", {"Content-Encoding": packing})) as client:
        with pytest.raises(ForgeAnswerError, match="which was not asked for") as error:
            client.get("/")
        assert str(error.value).isprintable()


def test_a_packed_answer_is_read():
    packed = {"Content-Encoding": "gzip"}
    with scripted(Reply(200, gzip.compress(b'{"ok": 1}'), packed)) as client:
        assert client.get("/").json == {"ok": 1}


def test_an_answer_that_only_trickles_is_given_up(monkeypatch: pytest.MonkeyPatch):
    ticks = count(0, 400)
    monkeypatch.setattr(forge_transfer.time, "monotonic", lambda: next(ticks))
    slow = [Reply.of("x" * 300_000)] * 3  # more pieces than one
    with (
        scripted(*slow) as client,
        pytest.raises(ForgeUnavailableError, match="without end in 600 seconds"),
    ):
        client.get("/")


def test_what_a_forge_says_of_an_error_is_one_printable_line():
    said = "no\x1b[2J\nway\u202e"
    with scripted(Reply.of({"message": said}, 404)) as client:
        with pytest.raises(ForgeError, match=re.escape("no[2J way")) as error:
            client.get("/")
        assert str(error.value).isprintable()
    with scripted(Reply(404, b"[" * 100_000)) as client, pytest.raises(ForgeError, match="404"):
        client.get("/")


def endless(after: Any) -> NewestFirst:
    """A list of which every page says that there is another."""
    start = datetime(2026, 1, 1, tzinfo=UTC)

    def read(position: str | None) -> Listed:
        return Listed(ForgeFrames(), (start,), after(position))

    return NewestFirst(read, Progress("forge a/b"))


def test_a_page_that_leads_to_itself_is_no_list():
    with pytest.raises(ForgeAnswerError, match="forge a/b: gives the same page"):
        list(endless(lambda _position: "x").pages())


def test_positions_that_the_forge_always_forgets_end_the_run():
    def after(position: str | None) -> str:
        if position is not None:
            raise LostPositionError
        return "x"

    with pytest.raises(ForgeAnswerError, match="forge a/b: does not know the positions"):
        list(endless(after).pages())


@pytest.mark.parametrize("body", [b"", b"{", b"\xff\xfe{}", b"[" * 100_000])
def test_what_is_no_json_is_asked_for_again(body: bytes):
    with scripted(Reply(200, body), Reply(200, body)) as client:
        assert client.get("/").json == {"ok": True}
    with scripted(*[Reply(200, body)] * 3) as client, pytest.raises(ForgeError, match="no JSON"):
        client.get("/")


@pytest.mark.parametrize(
    ("told", "found"),
    [
        (None, None),
        ("0001-01-01T00:00:00Z", None),
        ("0001-01-01T00:53:28+00:53", None),
        ("2026-03-01T08:00:00", datetime(2026, 3, 1, 8, tzinfo=UTC)),
        ("2026-03-01T10:00:00+02:00", datetime(2026, 3, 1, 8, tzinfo=UTC)),
    ],
)
def test_times_of_forges(told: str | None, found: datetime | None):
    assert moment(told) == found
