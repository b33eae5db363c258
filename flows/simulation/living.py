"""The life of one repository: everything that happens in it, in the order of time."""

import heapq
import random
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from pathlib import Path
from typing import Final

from quarterdeck.flows.simulation import timeline
from quarterdeck.flows.simulation.books import Books
from quarterdeck.flows.simulation.files import Edit
from quarterdeck.flows.simulation.messages import note
from quarterdeck.flows.simulation.people import Person
from quarterdeck.flows.simulation.planning import Drop, Pull, Repository
from quarterdeck.flows.simulation.stream import MAIN, Signature, Stream
from quarterdeck.flows.simulation.writing import FORGE, Writer

NOTES_REF: Final = "refs/notes/ai"
#: What the default branch was before somebody pushed over it, kept where git's tools keep it.
BEFORE_FORCE_PUSH: Final = "refs/original/refs/heads/main"
_FORCE_PUSH: Final = datetime(2025, 3, 12, 16, 20, tzinfo=UTC)
_PART: Final = 500  # lines of a file of a drop
_MAILMAP: Final = ".mailmap"

Event = Callable[[datetime], None]


class Life:
    """One repository from its first commit to the end of the record."""

    def __init__(
        self, repository: Repository, people: Sequence[Person], books: Books, rng: random.Random
    ) -> None:
        self._repository = repository
        self._people = people
        self._books = books
        self._rng = rng
        self._events: list[tuple[datetime, int, Event]] = []
        self._entered = 0

    def write(self, pulls: Sequence[Pull], path: Path) -> dict[int, str]:
        """Write the repository.

        Args:
            pulls: its pull requests and direct changes, as planned and sized.
            path: of the new bare repository.

        Returns:
            the commit id of each mark in the books.

        Raises:
            GitCommandError: git is missing, or did not take the commits.
        """
        with Stream(path) as stream:
            writer = Writer(self._repository, stream, self._books, self._rng, self._later)
            self._begin(writer)
            self._schedule(writer, pulls)
            while self._events:
                at, _, event = heapq.heappop(self._events)
                event(at)
            return self._finish(writer)

    def _later(self, at: datetime, event: Event) -> None:
        self._entered += 1
        heapq.heappush(self._events, (at, self._entered, event))

    def _schedule(self, writer: Writer, pulls: Sequence[Pull]) -> None:
        for pull in pulls:
            self._later(pull.commits[0].at, partial(self._open, writer, pull))
        for day in timeline.days():
            if day.weekday() == 3 and self._rng.random() < 0.4:
                at = datetime.combine(day, time(15, self._rng.randrange(60)), UTC)
                self._later(at, partial(self._tidy, writer))
        for drop in self._repository.drops:
            self._later(
                datetime.combine(drop.day, time(10), UTC), partial(self._drop, writer, drop)
            )
        for person in self._people:
            at = datetime.combine(person.joined + timedelta(days=9), time(9, 30), UTC)
            if person.mapped and at.date() < timeline.LAST_DAY:
                self._later(at, partial(self._map, writer, person))
        if self._repository.is_rewritten:
            self._later(_FORCE_PUSH, partial(self._force_push, writer))

    def _open(self, writer: Writer, pull: Pull, at: datetime) -> None:
        del at  # the commits have times of their own
        writer.open(pull)

    def _begin(self, writer: Writer) -> None:
        name = self._repository.name
        at = datetime.combine(timeline.FIRST_DAY, time(5), UTC)
        readme = f"# {name}\n\nMade up, to show what Quarterdeck makes of it.\n".encode()
        attributes = b"src/api/client.ts linguist-generated\n"
        edits = [
            Edit("README.md", "docs", None, readme, 3, 0),
            Edit(".gitattributes", "config", None, attributes, 1, 0),
        ]
        writer.direct(at, self._people[0], f"Begin {name}", edits)

    def _tidy(self, writer: Writer, at: datetime) -> None:
        """Remove what nobody needs, or move a file as it is."""
        person = self._somebody(at.date())
        moved = writer.files.rename() if self._rng.random() < 0.3 else None
        if moved is not None:
            writer.direct(at, person, "Move a module", moved, is_handled=True)
            return
        gone = writer.files.remove(self._rng.choice(("source", "source", "test")))
        if gone is not None:
            writer.direct(at, person, "Remove what is not used any more", [gone])

    def _drop(self, writer: Writer, drop: Drop, at: datetime) -> None:
        """Put in, or replace, files that nobody here wrote by hand."""
        edits = []
        paths = [drop.path] if "." in drop.path else self._parts(drop)
        for number, path in enumerate(paths):
            count = min(_PART, drop.lines - number * _PART) if len(paths) > 1 else drop.lines
            before = writer.files.contents.get(path)
            gone = 0 if before is None else before.count(b"\n")
            text = writer.files.text(drop.kind, count)
            edits.append(Edit(path, drop.kind, before, text, count, gone))
        writer.direct(at, self._people[0], f"Update {drop.path}", edits)

    def _parts(self, drop: Drop) -> list[str]:
        count = -(-drop.lines // _PART)
        return [f"{drop.path}/part_{n:03}{self._repository.suffix}" for n in range(count)]

    def _map(self, writer: Writer, person: Person, at: datetime) -> None:
        before = writer.files.contents.get(_MAILMAP)
        lines = person.mailmap()
        after = (before or b"") + "".join(f"{line}\n" for line in lines).encode()
        edit = Edit(_MAILMAP, "config", before, after, len(lines), 0)
        writer.direct(at, person, f"Name the addresses of {person.addresses[0].name}", [edit])

    def _force_push(self, writer: Writer, at: datetime) -> None:
        """Two commits that somebody pushed, and pushed away again: they have not landed."""
        person = self._somebody(at.date())
        kept, mark = writer.tip, writer.tip
        for kind, path, lines in (("data", "sample.csv", 800), ("source", "src/sample.ts", 60)):
            by = Signature(person.addresses[0], at - timedelta(minutes=lines), person.offset)
            blob = writer.stream.blob(writer.files.text(kind, lines))
            mark = writer.stream.commit(by, by, f"Add {path}", {path: blob}, [mark])
        writer.refs[BEFORE_FORCE_PUSH] = mark
        assert writer.tip == kept

    def _somebody(self, day: date) -> Person:
        return self._rng.choice([person for person in self._people if person.is_here(day)])

    def _finish(self, writer: Writer) -> dict[int, str]:
        if writer.noted:
            ids = writer.stream.commit_ids(list(writer.noted))
            texts = {
                mark: note(agent, edits, commit_id)
                for (mark, (agent, edits)), commit_id in zip(writer.noted.items(), ids, strict=True)
            }
            writer.stream.notes(NOTES_REF, Signature(FORGE, timeline.CUTOFF), texts)
        return writer.stream.close({**writer.refs, MAIN: writer.tip})
