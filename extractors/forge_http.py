"""Asking a forge over HTTP: retries, limits, tokens in turn.

Requests go one after another, so no token has two under way. What the forge says of its limits
is obeyed before the next request: remaining points or requests, the time of the reset on the
forge's own clock, `Retry-After`, and secondary limits, which name no time.
"""

import json
import logging
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

import httpx
import stamina

from quarterdeck.extractors.forge_errors import (
    ForgeAccessError,
    ForgeAnswerError,
    ForgeError,
    ForgeLimitError,
    ForgeNotFoundError,
    ForgeUnavailableError,
    LimitedError,
    TransientError,
)
from quarterdeck.extractors.forge_messages import Answer, label_of, message, number, place
from quarterdeck.extractors.forge_patience import Clock, Patience, SystemClock
from quarterdeck.extractors.forge_tokens import Token, scrub
from quarterdeck.extractors.forge_transfer import ACCEPTED, exchange

# what is asked again is no news; without a handler logging would print it
logging.getLogger("stamina").addHandler(logging.NullHandler())
_LEAST_SKEW = 5.0  # seconds; the header Date has whole seconds, and an answer takes its time
_SECONDARY_WAIT = 60.0
_LONGEST_SECONDARY_WAIT = 900.0
_LIMITS_IN_A_ROW = 12


@dataclass
class Usage:
    """What a client has used so far."""

    requests: int = 0
    points: int = 0
    waited: float = 0.0  # seconds, for limits


@dataclass(eq=False)
class _Seat:
    """A token (or none), and what is known of its limits."""

    token: Token | None
    remaining: int | None = None
    reset: float | None = None  # by the forge's clock
    blocked_until: float = 0.0  # by the forge's clock
    refused: bool = False
    is_doubtful: bool = False  # another token could read what this one could not


@dataclass
class ForgeClient:
    """A client of one forge; close it after use.

    Args:
        base_url: where its API is.
        tokens: used in turn; without any, the forge is asked as anybody.
        clock: time; another one in tests.
        patience: how long and how often.
        tell: told of waits and refused tokens, a line each.
    """

    base_url: str
    tokens: Sequence[Token] = ()
    clock: Clock = field(default_factory=SystemClock)
    patience: Patience = field(default_factory=Patience)
    tell: Callable[[str], None] = lambda _line: None
    usage: Usage = field(default_factory=Usage)

    def __post_init__(self) -> None:
        self.base_url = self.base_url.rstrip("/")
        _refuse_open_line(self.base_url, self.tokens)
        self._seats = [_Seat(token) for token in self.tokens] or [_Seat(None)]
        self._seat = self._seats[0]
        self._skew = 0.0
        self._secondary = 0
        self._has_moved = False
        self._http = httpx.Client(
            timeout=self.patience.timeout,
            headers={
                "User-Agent": "quarterdeck",
                "Accept": "application/json",
                "Accept-Encoding": ACCEPTED,
            },
        )

    def __enter__(self) -> "ForgeClient":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def is_refused(self) -> bool:
        """Whether the forge refused every token that there is."""
        return all(seat.refused for seat in self._seats)

    def close(self) -> None:
        """End the connections."""
        self._http.close()

    def get(self, path: str, parameters: Mapping[str, str | int] | None = None) -> Answer:
        """Ask by GET; `path` begins with a slash.

        Raises:
            ForgeError: a subclass says what is wrong.
        """
        request = self._http.build_request("GET", self.base_url + path, params=parameters)
        label = label_of(path, parameters)
        return self._ask(request, label, self.patience.attempts, 1, _anything)

    def refusal(self, path: str, parameters: Mapping[str, str | int] | None = None) -> Answer:
        """What is kept in place of an answer that the forge does not give: nothing, as of now."""
        return Answer(label_of(path, parameters), httpx.Headers(), b"", None, self.forge_time())

    def post(
        self,
        path: str,
        payload: Mapping[str, Any],
        label: str,
        attempts: int | None = None,
        points: int = 1,
        check: Callable[[Any], None] | None = None,
    ) -> Answer:
        """Ask by POST of JSON.

        Args:
            path: below the base URL; begins with a slash, or empty.
            payload: the question.
            label: what is kept as the question beside the answer.
            attempts: how often to ask; default: as patience says.
            points: what the answer will cost; waits for the reset where fewer remain.
            check: raises `TransientError` or `LimitedError` where the JSON says so.

        Raises:
            ForgeError: a subclass says what is wrong.
        """
        request = self._http.build_request("POST", self.base_url + path, json=payload)
        tries = attempts or self.patience.attempts
        return self._ask(request, label, tries, points, check or _anything)

    def spent(self, points: int, remaining: int, reset: float) -> None:
        """Note what the forge said of points in its last answer."""
        self.usage.points += points
        self._seat.remaining, self._seat.reset = remaining, reset

    def _ask(
        self,
        request: httpx.Request,
        label: str,
        attempts: int,
        points: int,
        check: Callable[[Any], None],
    ) -> Answer:
        patience = self.patience
        try:
            for attempt in stamina.retry_context(
                on=TransientError,
                attempts=attempts,
                timeout=None,
                wait_initial=patience.first_wait,
                wait_max=patience.longest_wait,
                wait_jitter=patience.jitter,
            ):
                with attempt:
                    return self._through_limits(request, label, points, check)
        except TransientError as error:
            raise ForgeUnavailableError(
                scrub(
                    f"{place(request)}: {error}, {attempts} times; run again later: what was read "
                    "is kept, and the next run goes on from there",
                    self.tokens,
                ),
                is_answered=error.is_answered,
            ) from None
        raise AssertionError("unreachable")

    def _through_limits(
        self, request: httpx.Request, label: str, points: int, check: Callable[[Any], None]
    ) -> Answer:
        failed: dict[_Seat, ForgeError] = {}
        for _ in range(_LIMITS_IN_A_ROW + 2 * len(self._seats)):
            if failed and not self._has_another(failed):
                raise next(iter(failed.values()))
            self._take_seat(points, place(request), failed)
            try:
                answer = self._send(request, label)
                if answer is None:
                    continue  # another token
                try:
                    check(answer.json)
                except LimitedError:
                    raise LimitedError(self._asked_to_wait(answer.headers)) from None
            except LimitedError as limit:
                self._block(limit)
                continue
            except (ForgeNotFoundError, ForgeAccessError) as error:
                failed[self._seat] = error
                continue
            self._secondary = 0
            for seat in failed:
                seat.is_doubtful = True
            return answer
        raise ForgeLimitError(
            f"{self.base_url}: asked to wait {_LIMITS_IN_A_ROW} times in a row; run again later"
        )

    def _has_another(self, failed: Mapping[_Seat, ForgeError]) -> bool:
        """Whether another token may have the right that some lack."""
        now = self.forge_time().timestamp()
        left = [seat for seat in self._seats if seat not in failed and not seat.refused]
        return any(seat.blocked_until <= now for seat in left)

    def _send(self, request: httpx.Request, label: str) -> Answer | None:
        """One request with the token whose turn it is; None where the forge refuses the token."""
        request.headers.pop("Authorization", None)
        if self._seat.token is not None:
            request.headers["Authorization"] = self._seat.token.header()
        self.usage.requests += 1
        try:
            response = exchange(
                self._http,
                request,
                follow=request.method == "GET",
                seconds=self.patience.longest_answer,
            )
        except httpx.TimeoutException:
            raise TransientError("no answer in time") from None
        except (httpx.TransportError, httpx.DecodingError) as error:
            raise TransientError(f"the connection failed ({type(error).__name__})") from None
        if response.request is not request and not self._has_moved:
            self._has_moved = True
            to = scrub(place(response.request), self.tokens)
            self.tell(f"{place(request)}: has moved: read as {to}")
        self._set_clock(response)
        self._note_limits(response.headers)
        if response.status_code == 401:
            self._refuse_token(request)
            return None
        self._refuse_status(request, response)
        kept = response.content
        for token in self.tokens:  # somebody may have pasted it where the forge shows it
            kept = token.scrubbed_bytes(kept)
        try:
            content = json.loads(kept)
        except (ValueError, RecursionError):
            raise TransientError("an answer that is cut off or no JSON") from None
        return Answer(label, response.headers, kept, content, self.forge_time())

    def forge_time(self) -> datetime:
        """Now, by the forge's clock."""
        return datetime.fromtimestamp(self.clock.now() + self._skew, UTC)

    def _set_clock(self, response: httpx.Response) -> None:
        try:
            told = parsedate_to_datetime(response.headers["Date"]).timestamp()
        except (KeyError, ValueError):
            return
        skew = told - self.clock.now()
        if abs(skew - self._skew) > _LEAST_SKEW:
            self._skew = skew if abs(skew) > _LEAST_SKEW else 0.0

    def _note_limits(self, headers: httpx.Headers) -> None:
        for prefix in ("x-ratelimit-", "ratelimit-"):
            remaining = number(headers.get(prefix + "remaining"))
            reset = number(headers.get(prefix + "reset"))
            if remaining is not None and reset is not None:
                self._seat.remaining, self._seat.reset = int(remaining), reset

    def _refuse_token(self, request: httpx.Request) -> None:
        seat = self._seat
        if seat.token is None:
            raise ForgeAccessError(
                f"{place(request)}: asks for a token; set one in the environment "
                "(docs/forges.md names the variables)"
            )
        seat.refused = True
        if all(other.refused for other in self._seats):
            raise ForgeAccessError(
                f"{place(request)}: refuses the token from {seat.token.origin}; "
                "it is wrong, expired or revoked: set a new one"
            )
        self.tell(f"{self.base_url}: refuses a token from {seat.token.origin}; using the others")

    def _refuse_status(self, request: httpx.Request, response: httpx.Response) -> None:
        status = response.status_code
        if status < 300:
            return
        if status < 400:
            to = scrub(response.headers.get("Location", "nowhere"), self.tokens)
            raise ForgeAnswerError(
                f"{place(request)}: HTTP {status}: redirects to {to}; set base_url to where it is"
            )
        said = message(response)
        if status in (403, 429):
            after = self._asked_to_wait(response.headers)
            if after is not None:
                raise LimitedError(after)
            is_spent = self._seat.remaining == 0
            if is_spent or status == 429 or re.search("rate limit|abuse", said, re.I):
                raise LimitedError
        if status >= 500 or status == 408:
            after = self._asked_to_wait(response.headers)
            if after is not None:
                self._wait(after, f"{self.base_url} asks to wait", place(request))
            raise TransientError(f"HTTP {status}", is_answered=True)
        where = scrub(f"{place(request)}: HTTP {status}: {said}", self.tokens)
        if status == 403:
            raise ForgeAccessError(f"{where}; give the token the right to read this repository")
        if status in (404, 410, 451):
            raise ForgeNotFoundError(
                f"{where}; check the name (slug), and whether the token may see the repository"
            )
        raise ForgeAnswerError(f"{where}; is base_url this forge's address?")

    def _take_seat(self, points: int, asked: str, failed: Mapping[_Seat, ForgeError]) -> None:
        """Choose the token with most left, and wait where none has enough."""
        now = self.clock.now() + self._skew
        for seat in self._seats:
            if seat.reset is not None and seat.reset <= now:
                seat.remaining = seat.reset = None
            if seat.remaining is not None and seat.reset and seat.remaining < points:
                seat.blocked_until = max(seat.blocked_until, seat.reset)
        living = [seat for seat in self._seats if not seat.refused and seat not in failed]
        free = [seat for seat in living if seat.blocked_until <= now]
        if free:
            self._seat = max(
                free,
                key=lambda s: (
                    not s.is_doubtful,
                    float("inf") if s.remaining is None else s.remaining,
                ),
            )
            return
        self._seat = min(living, key=lambda seat: seat.blocked_until)
        seconds = self._seat.blocked_until - now + 1.0  # the reset has whole seconds
        self._wait(seconds, f"{self.base_url}: the limit of requests is reached; waiting", asked)
        self._seat.remaining = self._seat.reset = None

    def _block(self, limit: LimitedError) -> None:
        now = self.clock.now() + self._skew
        if limit.seconds is not None:
            until = now + limit.seconds
        elif self._seat.remaining == 0 and self._seat.reset is not None and self._seat.reset > now:
            until = self._seat.reset
        else:  # no time is told, or one that is past
            self._secondary += 1
            wait = _SECONDARY_WAIT * 2.0 ** (self._secondary - 1)
            until = now + min(wait, _LONGEST_SECONDARY_WAIT)
        self._seat.blocked_until = until

    def _asked_to_wait(self, headers: httpx.Headers) -> float | None:
        """The seconds of `Retry-After`, which has a number of them or a date; None without it."""
        told = headers.get("Retry-After")
        seconds = number(told)
        if told is None or seconds is not None:
            return seconds
        try:
            return max(parsedate_to_datetime(told).timestamp() - self.forge_time().timestamp(), 0.0)
        except ValueError:
            return None

    def _wait(self, seconds: float, why: str, asked: str) -> None:
        if seconds > self.patience.longest_limit:
            raise ForgeLimitError(
                f"{asked}: the limit ends in {seconds / 60:.0f} minutes, longer than a run waits; "
                "run again then, or add a token"
            )
        until = self.forge_time().timestamp() + seconds
        self.tell(f"{why} until {datetime.fromtimestamp(until, UTC):%H:%M:%S} UTC")
        self.usage.waited += seconds
        self.clock.sleep(seconds)


def _anything(_json: Any) -> None:
    """No check."""


def _refuse_open_line(base_url: str, tokens: Sequence[Token]) -> None:
    parts = urlsplit(base_url)
    is_here = parts.hostname in ("localhost", "127.0.0.1", "::1")
    if tokens and parts.scheme != "https" and not is_here:
        raise ForgeAccessError(
            f"{base_url}: a token would go over the network in clear; use an https address"
        )
