"""Pull requests as they will happen: when, by whom, how they end. Sizes come later."""

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Final, Literal

from quarterdeck.flows.simulation import agents, timeline
from quarterdeck.flows.simulation.agents import Agent
from quarterdeck.flows.simulation.people import Address, Person

Habit = Literal["squash", "merge", "rebase"]
#: How a pull request ends: lands within the window and stays; is reverted; lands and is reverted
#: and landed again; lands after the window; never lands.
Outcome = Literal["lasts", "reverted", "reapplied", "late", "never"]

_GOLDEN: Final = 0.6180339887498949
#: Of what is merged within the window, what is reverted soon after.
_REVERTED: Final = 0.03
_LATE: Final = 0.04
_HUMAN_SUCCESS: Final = 0.86
_DIRECT: Final = 0.03
_CATCHES_UP: Final = 0.15
#: Hours of work on a branch before a person opens the pull request: median and spread (log).
_AHEAD: Final = (1.0, 1.4)
_VERBS = ("Add", "Rework", "Speed up", "Fix", "Simplify", "Extend", "Guard", "Split", "Name")
_NOUNS = (
    *("the scheduler", "retries", "the import", "pagination", "the cache", "exports", "limits"),
    *("tide tables", "the berth plan", "signal flags", "cargo lists", "the pilot log", "moorings"),
    *("draught checks", "the lock queue", "channel depths", "buoy updates", "the watch roster"),
)
#: Kinds of files that a commit touches, with how often.
_KINDS: Final = {
    ("source",): 52,
    ("source", "test"): 24,
    ("test",): 8,
    ("docs",): 9,
    ("config",): 4,
    ("source", "docs"): 3,
}


@dataclass(frozen=True, slots=True)
class Drop:
    """Files that are put in, or replaced, at once: imported, vendored or written by a tool.

    Attributes:
        path: of one file, or of a folder without a dot in its name for files of 500 lines.
        day: on which it lands.
        lines: that it holds.
        kind: class of the files.
    """

    path: str
    day: date
    lines: int
    kind: str


@dataclass(frozen=True, slots=True)
class Repository:
    """A repository and its habits.

    Attributes:
        name: after the owner.
        habit: how pull requests land.
        suffix: of its source files.
        weight: how much of the work goes into it.
        has_notes: git-ai's notes are written in it.
        bot: that keeps its dependencies up to date.
        is_rewritten: somebody once pushed over the tip of its default branch.
        drops: what was copied into it or written by tools.
    """

    name: str
    habit: Habit
    suffix: str
    weight: float
    bot: Address
    has_notes: bool = False
    is_rewritten: bool = False
    drops: tuple[Drop, ...] = ()


@dataclass(slots=True)
class Commit:
    """A commit of a pull request, as planned."""

    at: datetime
    author: Address
    person: Person | None
    parts: list[tuple[str, int]]  # class of a file, code or other lines to add
    agent: Agent | None = None  # that wrote it
    trailer: bool = False
    body: bool = False
    noted: bool = False

    def scale(self, factor: float) -> None:
        """Make every part larger by a factor."""
        self.parts = [(kind, max(1, round(lines * factor))) for kind, lines in self.parts]


@dataclass(slots=True)
class Pull:
    """A pull request, or (without a number) a change that is pushed directly."""

    repository: Repository
    opened: datetime
    driver: Person
    agent: Agent | None
    outcome: Outcome
    title: str
    commits: list[Commit] = field(default_factory=list)
    lands: datetime | None = None
    merger: Person | None = None
    reverts: datetime | None = None
    reapplies: datetime | None = None
    branch: str = ""
    shows_agent: bool = False  # by the name of its branch
    bot: Address | None = None
    catches_up: bool = False  # merges the default branch into its own before it lands
    number: int | None = None


class Planner:
    """Lets the years pass over the people, and opens pull requests."""

    def __init__(
        self,
        people: Sequence[Person],
        repositories: Sequence[Repository],
        weekly: float,
        rng: random.Random,
    ) -> None:
        self._people = people
        self._repositories = repositories
        self._weekly = weekly
        self._rng = rng
        self._turns: Counter[str] = Counter()
        self._times: set[datetime] = set()

    def plan(self) -> list[Pull]:
        """Every pull request of the record, in the order of opening, numbered by repository."""
        pulls = sorted([*self._all(), *self._updates()], key=lambda pull: pull.opened)
        numbers: Counter[str] = Counter()
        for pull in pulls:
            if pull.branch:
                numbers[pull.repository.name] += 1
                pull.number = numbers[pull.repository.name]
        return pulls

    def _all(self) -> Iterator[Pull]:
        mean = sum(person.pace for person in self._people) / len(self._people)
        for day in timeline.days():
            share = timeline.AGENT_SHARE.get(timeline.quarter_of(day), 0.0)
            merged = timeline.SUCCESS.get(timeline.quarter_of(day), 0.0) / (1 - _REVERTED)
            for person in self._people:
                if not person.is_here(day):
                    continue
                landed = self._weekly / 5 * timeline.busyness(day) * timeline.pace(day)
                landed *= person.pace / mean
                for _ in range(self._count(landed * (1 - share) / 0.92)):
                    yield self._open(day, person, None)
                for _ in range(self._count(landed * share / (merged + _LATE)) if share else 0):
                    agent = agents.choose(day, self._rng)
                    if agent is not None:
                        yield self._open(day, person, agent)

    def _updates(self) -> Iterator[Pull]:
        """Each week's update of dependencies; two in three are merged."""
        for repository in self._repositories:
            for day in timeline.days():
                if day.weekday() != 0 or self._rng.random() < 0.2:
                    continue
                at = self._time(datetime.combine(day, time(5, self._rng.randrange(60)), UTC))
                outcome: Outcome = "lasts" if self._rng.random() < 0.67 else "never"
                person = self._somebody(day)
                title = f"Bump dependencies of week {day.isocalendar().week}"
                pull = Pull(repository, at, person, None, outcome, title, bot=repository.bot)
                pull.branch = f"{repository.bot.name.removesuffix('[bot]')}/weekly-{day}"
                pull.commits = [Commit(at, repository.bot, None, [("lockfile", 12)])]
                self._land(pull)
                yield pull

    def _count(self, mean: float) -> int:
        """A Poisson variate (Knuth's method, good for small means)."""
        limit, product, count = 2.718281828459045**-mean, self._rng.random(), 0
        while product > limit:
            product *= self._rng.random()
            count += 1
        return count

    def _open(self, day: date, person: Person, agent: Agent | None) -> Pull:
        rng = self._rng
        repository = rng.choices(self._repositories, [r.weight for r in self._repositories])[0]
        opened = datetime.combine(day, time(7 + rng.randrange(11), rng.randrange(60)), UTC)
        title = f"{rng.choice(_VERBS)} {rng.choice(_NOUNS)}"
        outcome = self._outcome(day, agent)
        pull = Pull(repository, opened, person, agent, outcome, title)
        if agent is None and repository.habit != "merge" and rng.random() < _DIRECT:
            pull.outcome, pull.lands = "lasts", opened + timedelta(minutes=5)
        else:
            self._name_branch(pull)
            self._land(pull)
        self._commits(pull)
        can_catch_up = repository.habit != "rebase" and pull.commits[0].person is not None
        if pull.branch and pull.lands is not None and can_catch_up:
            pull.catches_up = rng.random() < _CATCHES_UP
        return pull

    def _outcome(self, day: date, agent: Agent | None) -> Outcome:
        """By turns, so that the planted rate comes out with little noise."""
        kind = "person" if agent is None else "agent " + timeline.quarter_of(day)
        self._turns[kind] += 1
        turn = (self._turns[kind] * _GOLDEN) % 1.0
        success = timeline.SUCCESS[timeline.quarter_of(day)] if agent else _HUMAN_SUCCESS
        reverted = success * _REVERTED / (1 - _REVERTED)
        if turn < success:
            return "lasts"
        if turn < success + reverted:
            # what an agent wrote is not landed again, so that success has one meaning
            return "reapplied" if agent is None and self._rng.random() < 0.2 else "reverted"
        return "late" if turn < success + reverted + _LATE else "never"

    def _name_branch(self, pull: Pull) -> None:
        slug = pull.title.lower().replace("the ", "").replace(" ", "-")
        if pull.agent is not None and self._rng.random() < agents.BRANCH_NAMED:
            count = self._turns.total()
            pull.branch = pull.agent.branch_name(slug, count, self._rng)
            pull.shows_agent = pull.repository.habit == "merge"
        else:
            pull.branch = f"{slug}-{self._rng.randrange(10_000)}"

    def _land(self, pull: Pull) -> None:
        if pull.outcome == "never":
            return
        rng = self._rng
        if pull.outcome == "late":
            waits = timedelta(days=33 + rng.randrange(17), minutes=rng.randrange(600))
        else:
            hours = rng.lognormvariate(2.9 if pull.agent is None else 1.8, 1.1)
            # an update of dependencies waits for no other
            hours = min(hours, 24 * 3 if pull.bot else 24 * 23)
            waits = timedelta(hours=2 + hours)
        lands = pull.opened + waits
        if lands.weekday() > 4 and rng.random() < 0.85:
            lands += timedelta(days=7 - lands.weekday())
        if lands > timeline.CUTOFF - timedelta(hours=1):
            return  # still open at the end of the record
        pull.lands = lands.replace(second=rng.randrange(60), microsecond=0)
        pull.merger = self._somebody(pull.lands.date())
        if pull.outcome in ("reverted", "reapplied"):
            reverts = pull.lands + timedelta(hours=3 + rng.expovariate(1 / 60))
            reverts = min(reverts, pull.lands + timedelta(days=20)).replace(microsecond=0)
            pull.reverts = reverts if reverts < timeline.CUTOFF else None
        if pull.outcome == "reapplied" and pull.reverts is not None:
            again = pull.reverts + timedelta(hours=4 + rng.expovariate(1 / 40))
            pull.reapplies = again.replace(microsecond=0)

    def _somebody(self, day: date) -> Person:
        here = [person for person in self._people if person.is_here(day)]
        return self._rng.choices(here, [person.pace for person in here])[0]

    def _commits(self, pull: Pull) -> None:
        rng, agent = self._rng, pull.agent
        count = rng.choice((1, 1, 2, 2, 3) if agent else (1, 1, 1, 2, 2, 3))
        writers: list[tuple[Person, Agent | None]] = [(pull.driver, agent)] * count
        if not pull.branch:
            writers = writers[:1]
        elif agent is not None and count > 1 and rng.random() < 0.25:
            writers.append((pull.driver, None))  # a person's last touch
        elif agent is None and count > 1 and rng.random() < 0.12:
            writers[-1] = (self._somebody(pull.opened.date()), None)
        hours = 0.0
        if agent is None and pull.branch:
            hours = min(rng.lognormvariate(*_AHEAD), 24 * 6)
        for number, (person, wrote) in enumerate(writers):
            ahead = hours * (len(writers) - number) / len(writers)
            after = timedelta(minutes=11 * number - 45, seconds=rng.randrange(60))
            at = self._time(pull.opened + after - timedelta(hours=ahead))
            pull.commits.append(self._commit(pull, at, person, wrote))

    def _commit(self, pull: Pull, at: datetime, person: Person, agent: Agent | None) -> Commit:
        rng = self._rng
        weights = (6, 2, 1)[: len(person.addresses)]
        author = rng.choices(person.addresses, weights)[0]
        kinds = rng.choices(list(_KINDS), list(_KINDS.values()))[0]
        parts = [(kind, 1 + int(rng.lognormvariate(2.7, 1.1))) for kind in kinds]
        commit = Commit(at, author, person, parts, agent)
        if agent is None:
            return commit
        if agent.author is not None:
            commit.author, commit.person = agent.author, None
        if agent.trailer is not None:
            commit.trailer = rng.random() < agent.kept
            lost = not commit.trailer and agent.body is not None
            commit.body = lost and rng.random() < agents.BODY_KEPT
        has_notes = pull.repository.has_notes and at.date() >= agents.NOTES_FROM
        commit.noted = has_notes and rng.random() < agents.NOTED
        return commit

    def _time(self, at: datetime) -> datetime:
        """A second in which nobody else wrote a commit: forges tell copies by author and time."""
        at = at.replace(microsecond=0)
        while at in self._times:
            at += timedelta(seconds=1)
        self._times.add(at)
        return at
