"""What was written, as the simulation itself keeps count of it."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from quarterdeck.flows.simulation import agents, timeline
from quarterdeck.flows.simulation.files import Edit
from quarterdeck.flows.simulation.people import Address, Person
from quarterdeck.flows.simulation.planning import Commit, Pull

#: Share of a commit that is credited for a branch's name alone: a convention of the pipeline's
#: settings, needed to say what it should see.
_BRANCH_WEIGHT: Final = 0.5


@dataclass(frozen=True, slots=True)
class Marks:
    """Who wrote a commit, and what can be seen of it: shares of its lines.

    Attributes:
        model: what a model wrote.
        attested: what a note says of it, line by line.
        declared: what an identity or a trailer says of it.
        indicated: what a line of text or the name of a branch suggests.
    """

    model: float = 0.0
    attested: float = 0.0
    declared: float = 0.0
    indicated: float = 0.0

    @property
    def seen(self) -> float:
        """What any evidence credits to a model."""
        return self.attested + self.declared + self.indicated


def marks_of(commit: Commit, shows_agent: bool, noted_share: float | None) -> Marks:
    """The truth about a commit, and the marks that it kept.

    Args:
        commit: as planned.
        shows_agent: the branch's name, which tells of everything on it, is known.
        noted_share: share of its lines that its note gives to the model; None without a note.
    """
    branch = _BRANCH_WEIGHT if shows_agent else 0.0
    if commit.agent is None:
        return Marks(indicated=branch)
    if noted_share is not None:
        return Marks(model=noted_share, attested=noted_share)
    if commit.trailer or commit.agent.author is not None:
        return Marks(model=1.0, declared=1.0)
    return Marks(model=1.0, indicated=1.0 if commit.body else branch)


@dataclass(slots=True)
class Part:
    """A commit as part of a landed change."""

    code_lines: int
    marks: Marks
    is_agent: bool = False
    is_declared: bool = False
    is_noted: bool = False


@dataclass(slots=True)
class Landing:
    """A landed change."""

    repository: str
    mark: int
    at: datetime
    people: frozenset[str]
    added: Counter[str]  # by class
    deleted: Counter[str]
    parts: list[Part]
    has_notes: bool = False
    kind: str = "direct"
    pulls: int = 0

    @property
    def quarter(self) -> str:
        """Of landing."""
        return timeline.quarter_of(self.at.date())

    @property
    def code_lines(self) -> int:
        """Added lines of source and tests."""
        return self.added["source"] + self.added["test"]


@dataclass(frozen=True, slots=True)
class Ending:
    """How a pull request ended, and what its commits show."""

    repository: str
    number: int
    opened: datetime
    author: str  # agent, human or automation
    seen_as_model: bool
    merged: datetime | None
    reverted: datetime | None

    @property
    def quarter(self) -> str:
        """Of opening."""
        return timeline.quarter_of(self.opened.date())

    @property
    def is_mature(self) -> bool:
        """Whether the window has passed."""
        return self.opened <= timeline.CUTOFF - timeline.WINDOW

    @property
    def is_merged(self) -> bool:
        """Within the window."""
        return self.merged is not None and self.merged <= self.opened + timeline.WINDOW

    @property
    def is_reverted(self) -> bool:
        """Within the window after it was merged."""
        merged, reverted = self.merged, self.reverted
        return merged is not None and reverted is not None and reverted <= merged + timeline.WINDOW


@dataclass(slots=True)
class Books:
    """Everything that was written."""

    landings: list[Landing] = field(default_factory=list)
    endings: list[Ending] = field(default_factory=list)
    addresses: dict[str, set[Address]] = field(default_factory=dict)  # by person
    commits: Counter[str] = field(default_factory=Counter)  # by repository
    by_agent: dict[str, Counter[str]] = field(default_factory=dict)

    def wrote(self, repository: str, commit: Commit) -> None:
        """Count a commit of a pull request."""
        self.commits[repository] += 1
        if commit.person is not None:
            self.used(commit.person, commit.author)
        if commit.agent is not None:
            counts = self.by_agent.setdefault(commit.agent.name, Counter())
            counts["commits"] += 1
            counts["declared"] += commit.trailer or commit.agent.author is not None
            counts["text"] += commit.body
            counts["noted"] += commit.noted

    def used(self, person: Person, address: Address) -> None:
        """A person committed with an address."""
        self.addresses.setdefault(person.key, set()).add(address)

    def ended(self, pull: Pull, marks: Iterable[Marks]) -> None:
        """A pull request is over, or the record is."""
        seen = [mark.seen for mark in marks]
        author = "agent" if pull.agent is not None else "human"
        assert pull.number is not None
        self.endings.append(
            Ending(
                pull.repository.name,
                pull.number,
                pull.opened,
                "automation" if pull.bot is not None else author,
                sum(seen) / len(seen) > 0.5,
                pull.lands,
                pull.reverts,
            )
        )


def tally(edits: Iterable[Edit]) -> tuple[Counter[str], Counter[str]]:
    """Added and deleted lines by class."""
    added: Counter[str] = Counter()
    deleted: Counter[str] = Counter()
    for edit in edits:
        added[edit.kind] += edit.added
        deleted[edit.kind] += edit.deleted
    return added, deleted


def noted_lines(edit: Edit) -> int:
    """Of the lines that an edit adds, those that a note gives to the agent: the first ones."""
    return -(-round(100 * agents.NOTED_LINES) * edit.added // 100)


def code_lines(edits: Iterable[Edit]) -> int:
    """Added lines of source and tests."""
    return sum(edit.added for edit in edits if edit.is_code)


def noted_share(edits: Iterable[Edit]) -> float:
    """Share of the added lines that a note gives to the agent: of code lines, where there are."""
    counted = [edit for edit in edits if edit.is_code] or list(edits)
    return sum(map(noted_lines, counted)) / sum(edit.added for edit in counted)
