"""An invented repository at a forge, as every fake server tells it, and time for tests."""

import hashlib
import threading
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

START = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)


class FakeClock:
    """Time that passes only where somebody sleeps, and a little at each look."""

    def __init__(self, now: datetime = START + timedelta(days=90)) -> None:
        self._now = now.timestamp()
        self._lock = threading.Lock()
        self.slept: list[float] = []

    def now(self) -> float:
        with self._lock:
            self._now += 0.001
            return self._now

    def sleep(self, seconds: float) -> None:
        with self._lock:
            self.slept.append(seconds)
            self._now += seconds


@dataclass(frozen=True)
class Account:
    """Somebody at the forge."""

    login: str
    number: int
    is_bot: bool = False


ADA, BEN = Account("ada-example", 101), Account("ben-sample", 102)
BOT = Account("harbour-helper", 103, is_bot=True)


@dataclass(frozen=True)
class Review:
    number: int
    reviewer: Account | None
    state: str  # as the lake has it
    at: datetime
    comments: int


@dataclass(frozen=True)
class Pull:
    """A pull request; None where the forge has nothing."""

    number: int
    updated: datetime
    created: datetime
    author: Account | None = ADA
    state: str = "open"
    draft: bool = False
    closed: datetime | None = None
    merged: datetime | None = None
    merged_by: Account | None = None
    merge_commit: str | None = None
    title: str = "Change"
    body: str = ""
    head_repository: str | None = "acme/harbour"
    labels: tuple[str, ...] = ()
    closing: tuple[int, ...] = ()
    comments: int = 0
    threads: tuple[bool, ...] = ()
    commits: tuple[tuple[str, Account | None], ...] = ()
    reviews: tuple[Review, ...] = ()
    checks: str | None = "success"  # None: there are none

    @property
    def head(self) -> str:
        return self.commits[-1][0]


def sha(*parts: object) -> str:
    return hashlib.sha1("/".join(map(str, parts)).encode()).hexdigest()


@dataclass
class World:
    """A repository and its pull requests, which can change between requests."""

    slug: str = "acme/harbour"
    pulls: dict[int, Pull] = field(default_factory=dict)

    def newest_first(self) -> list[Pull]:
        return sorted(self.pulls.values(), key=lambda p: (p.updated, p.number), reverse=True)

    def touch(self, number: int, at: datetime, **changes: object) -> None:
        """Change a pull request, which moves it to the top."""
        self.pulls[number] = replace(self.pulls[number], updated=at, **changes)  # type: ignore[arg-type]


def make_world(count: int = 17) -> World:
    """Pull requests of every kind that a forge has."""
    world = World()
    for number in range(1, count + 1):
        world.pulls[number] = make_pull(number)
    return world


def make_pull(number: int) -> Pull:
    created = START + timedelta(hours=5 * number)
    # the order of updates is not the order of numbers, and some are updated at the same time
    updated = created + timedelta(hours=1 + (number * 7) % 5 * 5)
    state = ("merged", "open", "closed")[number % 3]
    is_long = number % 8 == 3
    ended = created + timedelta(hours=1) if state != "open" else None
    return Pull(
        number=number,
        created=created,
        updated=updated,
        author=(ADA, BEN, BOT, None)[number % 4],
        state=state,
        draft=number % 5 == 0,
        closed=ended,
        merged=ended if state == "merged" else None,
        merged_by=(BEN if number % 2 else None) if state == "merged" else None,
        merge_commit=sha("merge", number) if state == "merged" else None,
        title=f"Change {number} ⚓",
        body="" if number % 2 else "Why.\r\n\r\nBecause.",
        head_repository=None if number % 6 == 0 else "ben-sample/harbour",
        labels=tuple(f"label {n}" for n in range(25 if is_long else number % 3)),
        # from 908 on they are of another repository
        closing=tuple(range(900, 900 + (12 if is_long else number % 3))),
        comments=number % 4,
        threads=tuple(n % 2 == 0 for n in range(60 if is_long else number % 3)),
        commits=tuple(
            (sha("commit", number, n), (ADA, None)[n % 2])
            for n in range(140 if number == 3 else 1 + number % 4)
        ),
        reviews=tuple(
            Review(
                1000 * number + n,
                (BEN, BOT, None)[n % 3],
                ("approved", "commented", "changes_requested", "dismissed")[n % 4],
                created + timedelta(minutes=n),
                n % 3,
            )
            for n in range(23 if is_long else number % 3)
        ),
        checks=("success", "failure", "pending", "error", None)[number % 5],
    )
