"""One repository, written as its pull requests open, land and are taken back."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from quarterdeck.flows.simulation import messages, timeline
from quarterdeck.flows.simulation.agents import Agent
from quarterdeck.flows.simulation.books import (
    Books,
    Landing,
    Marks,
    Part,
    code_lines,
    marks_of,
    noted_share,
    tally,
)
from quarterdeck.flows.simulation.files import Edit, Files
from quarterdeck.flows.simulation.people import Address, Person
from quarterdeck.flows.simulation.planning import Commit, Pull, Repository
from quarterdeck.flows.simulation.stream import MAIN, Signature, Stream

FORGE: Final = Address("GitHub", "noreply@github.com")
Later = Callable[[datetime, Callable[[datetime], None]], None]


@dataclass(slots=True)
class Opened:
    """A pull request that was written.

    Attributes:
        begun: how many changes had landed when it was begun.
        head: mark of its last commit.
        edits: what each commit changed; no two of them touch one file.
        files: the blob of each path at the head.
        parts: its commits in the books.
        landed: marks of the landed changes.
        before: mark of the tip that it landed on.
    """

    pull: Pull
    begun: int
    head: int
    edits: list[list[Edit]]
    files: list[dict[str, int | None]]
    parts: list[Part]
    landed: list[int]
    before: int = 0

    @property
    def all_edits(self) -> list[Edit]:
        """What all commits changed."""
        return [edit for edits in self.edits for edit in edits]


class Writer:
    """Writes the commits of one repository, and keeps its books.

    Attributes:
        tip: mark of the default branch.
        refs: marks of all refs but the default branch's.
        noted: commits that get a note, by mark: its agent, and what it changed.
    """

    def __init__(
        self, repository: Repository, stream: Stream, books: Books, rng: random.Random, later: Later
    ) -> None:
        self.repository = repository
        self.stream = stream
        self.books = books
        self.files = Files(repository.suffix, rng)
        self.tip = 0
        self.refs: dict[str, int] = {}
        self.noted: dict[int, tuple[Agent, Sequence[Edit]]] = {}
        self._later = later
        self._landed: list[dict[str, int | None]] = []  # blobs by path, of each landed change

    def open(self, pull: Pull) -> None:
        """Write the commits of a pull request upon the tip, and say when it will land."""
        opened = Opened(pull, len(self._landed), self.tip, [], [], [], [])
        for position, commit in enumerate(pull.commits):
            mine = [edit.path for edit in opened.all_edits]
            edits: list[Edit] = []
            for kind, lines in commit.parts:
                edits += self.files.write(kind, lines, [*mine, *(edit.path for edit in edits)])
            opened.edits.append(edits)
            opened.files.append(self._blobs(edits))
            opened.parts.append(self._part(pull, commit, edits))
            if pull.number is not None:
                self._own_commit(opened, position)
        if pull.number is not None:
            self.refs[f"refs/pull/{pull.number}/head"] = opened.head
            if pull.lands is None and pull.shows_agent:
                self.refs[f"refs/heads/{pull.branch}"] = opened.head
            self.books.ended(pull, [part.marks for part in opened.parts])
        if pull.lands is not None:
            self.files.hold(opened.all_edits)
            self._later(pull.lands, lambda at: self._land(opened, at))

    def _own_commit(self, opened: Opened, position: int) -> None:
        pull, commit = opened.pull, opened.pull.commits[position]
        by = self._signature(commit)
        message = messages.own_message(pull, position)
        opened.head = self.stream.commit(by, by, message, opened.files[position], [opened.head])
        self.books.wrote(self.repository.name, commit)
        self._note(commit, opened.edits[position], opened.head)

    def _signature(self, commit: Commit) -> Signature:
        return Signature(commit.author, commit.at, commit.person.offset if commit.person else 0)

    def _note(self, commit: Commit, edits: Sequence[Edit], mark: int) -> None:
        if commit.noted and commit.agent is not None:
            self.noted[mark] = (commit.agent, edits)

    def _part(self, pull: Pull, commit: Commit, edits: Sequence[Edit]) -> Part:
        share = noted_share(edits) if commit.noted else None
        return Part(
            code_lines(edits),
            marks_of(commit, pull.shows_agent, share),
            is_agent=commit.agent is not None,
            is_declared=commit.trailer
            or (commit.agent is not None and commit.agent.author is not None),
            is_noted=commit.noted,
        )

    def _blobs(self, edits: Sequence[Edit]) -> dict[str, int | None]:
        return {
            edit.path: None if edit.after is None else self.stream.blob(edit.after)
            for edit in edits
        }

    def _land(self, opened: Opened, at: datetime) -> None:
        opened.before = self.tip
        if opened.pull.catches_up:
            self._catch_up(opened, at - timedelta(minutes=40))
        if opened.pull.number is None:
            self._land_directly(opened, at)
        elif self.repository.habit == "merge":
            self._merge(opened, at)
        elif self.repository.habit == "squash":
            self._squash(opened, at)
        else:
            self._rebase(opened, at)
        self.files.apply(opened.all_edits)
        if opened.pull.reverts is None:
            self.files.release(opened.all_edits)
        else:
            self._later(opened.pull.reverts, lambda at: self.revert(opened, at))

    def _catch_up(self, opened: Opened, at: datetime) -> None:
        """Merge the default branch into the pull request's, as people do before they land it."""
        pull = opened.pull
        files = {
            path: mark for landed in self._landed[opened.begun :] for path, mark in landed.items()
        }
        by = Signature(pull.driver.web, at, pull.driver.offset)
        self.books.used(pull.driver, by.who)
        message = f"Merge branch 'main' into {pull.branch}"
        opened.head = self.stream.commit(by, by, message, files, [opened.head, self.tip])
        self.refs[f"refs/pull/{pull.number}/head"] = opened.head
        self.books.commits[self.repository.name] += 1

    def _advance(
        self,
        author: Signature,
        committer: Signature,
        message: str,
        files: dict[str, int | None],
        *others: int,
    ) -> None:
        """Add a commit to the default branch."""
        parents = [self.tip, *others] if self.tip else []
        self.tip = self.stream.commit(author, committer, message, files, parents, MAIN)
        self._landed.append(files)

    def _land_directly(self, opened: Opened, at: datetime) -> None:
        commit = opened.pull.commits[0]
        by = Signature(commit.author, at, commit.person.offset if commit.person else 0)
        self._advance(by, by, opened.pull.title, opened.files[0])
        opened.landed.append(self.tip)
        self.books.wrote(self.repository.name, commit)
        self.book(at, "direct", opened.all_edits, self._people([commit]), opened.parts)

    def _squash(self, opened: Opened, at: datetime) -> None:
        pull = opened.pull
        author, people = pull.commits[0].author, self._people(pull.commits)
        if pull.commits[0].person is not None:
            author = pull.driver.web
            self.books.used(pull.driver, author)
            people |= {pull.driver.key}
        files = {path: mark for part in opened.files for path, mark in part.items()}
        by = Signature(author, at)
        self._advance(by, Signature(FORGE, at), messages.squash_message(pull), files)
        opened.landed.append(self.tip)
        self.book(at, "squash", opened.all_edits, people, opened.parts, pulls=1)

    def _merge(self, opened: Opened, at: datetime) -> None:
        pull = opened.pull
        assert pull.merger is not None
        files = {path: mark for part in opened.files for path, mark in part.items()}
        self.books.used(pull.merger, pull.merger.web)
        by = Signature(pull.merger.web, at)
        message = messages.merge_message(pull)
        self._advance(by, Signature(FORGE, at), message, files, opened.head)
        opened.landed.append(self.tip)
        people = self._people(pull.commits) | {pull.merger.key}
        self.book(at, "merge", opened.all_edits, people, opened.parts, pulls=1)

    def _rebase(self, opened: Opened, at: datetime) -> None:
        pull = opened.pull
        for position, commit in enumerate(pull.commits):
            when = at + timedelta(seconds=position)
            message = messages.own_message(pull, position)
            by = self._signature(commit)
            self._advance(by, Signature(FORGE, when), message, opened.files[position])
            opened.landed.append(self.tip)
            self._note(commit, opened.edits[position], self.tip)
            is_last = position == len(pull.commits) - 1
            self.book(
                when,
                "squash" if is_last else "direct",
                opened.edits[position],
                self._people([commit]),
                [opened.parts[position]],
                pulls=int(is_last),
            )

    def revert(self, opened: Opened, at: datetime) -> None:
        """Take back what landed, newest first, as the one who merged it."""
        pull = opened.pull
        assert pull.merger is not None
        undone = [[edit.reverse() for edit in edits] for edits in reversed(opened.edits)]
        if len(opened.landed) == 1:
            undone = [[edit for edits in undone for edit in edits]]
        reverts = []
        for number, (mark, edits) in enumerate(zip(reversed(opened.landed), undone, strict=True)):
            when = at + timedelta(seconds=number)
            [commit_id] = self.stream.commit_ids([mark])
            subject = self._subject(opened, len(opened.landed) - 1 - number)
            before: str | None = None
            if self.repository.habit == "merge":
                [before] = self.stream.commit_ids([opened.before])
            message = messages.revert_message(subject, commit_id, before)
            self.direct(when, pull.merger, message, edits)
            reverts.append((self.tip, subject, edits))
        if pull.reapplies is None or pull.reapplies > timeline.CUTOFF:
            self.files.release(opened.all_edits)
            return
        self._later(pull.reapplies, lambda at: self._reapply(opened, reverts, at))

    def _subject(self, opened: Opened, position: int) -> str:
        pull = opened.pull
        if self.repository.habit == "merge":
            return messages.merge_message(pull).partition("\n")[0]
        if self.repository.habit == "squash":
            return f"{pull.title} (#{pull.number})"
        return messages.own_message(pull, position).partition("\n")[0]

    def _reapply(
        self, opened: Opened, reverts: list[tuple[int, str, list[Edit]]], at: datetime
    ) -> None:
        assert opened.pull.merger is not None
        for number, (mark, subject, edits) in enumerate(reversed(reverts)):
            message = messages.reapply_message(subject, *self.stream.commit_ids([mark]))
            again = [edit.reverse() for edit in edits]
            when = at + timedelta(seconds=number)
            self.direct(when, opened.pull.merger, message, again)
        self.files.release(opened.all_edits)

    def direct(
        self,
        at: datetime,
        person: Person,
        message: str,
        edits: Sequence[Edit],
        is_handled: bool = False,
    ) -> None:
        """Push a change to the default branch; files are handled where others may edit them."""
        by = Signature(person.addresses[0], at, person.offset)
        self.books.used(person, person.addresses[0])
        self._advance(by, by, message, self._blobs(edits))
        self.files.apply(edits, is_handled)
        self.books.commits[self.repository.name] += 1
        part = Part(code_lines(edits), Marks())
        self.book(at, "direct", edits, frozenset({person.key}), [part])

    def book(
        self,
        at: datetime,
        kind: str,
        edits: Sequence[Edit],
        people: frozenset[str],
        parts: list[Part],
        pulls: int = 0,
    ) -> None:
        """Enter a landed change, which is the tip, into the books."""
        added, deleted = tally(edits)
        name = self.repository.name
        self.books.landings.append(
            Landing(
                name,
                self.tip,
                at,
                people,
                added,
                deleted,
                parts,
                has_notes=self.repository.has_notes,
                kind=kind,
                pulls=pulls,
            )
        )

    @staticmethod
    def _people(commits: Sequence[Commit]) -> frozenset[str]:
        return frozenset(commit.person.key for commit in commits if commit.person is not None)
