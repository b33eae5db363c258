"""What the REST APIs of forges have in common: lists in pages, and missing parts."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from quarterdeck.extractors.forge_answers import Asker, answer_row
from quarterdeck.extractors.forge_errors import (
    ForgeAccessError,
    ForgeAnswerError,
    ForgeBrokenPartError,
    ForgeNotFoundError,
    ForgeUnavailableError,
)
from quarterdeck.extractors.forge_frames import ForgeFrames
from quarterdeck.extractors.forge_messages import Answer

Row = dict[str, Any]
_Missing = ForgeNotFoundError | ForgeAccessError | ForgeBrokenPartError
_MISSING = (ForgeNotFoundError, ForgeAccessError, ForgeBrokenPartError)


@dataclass
class RestReader:
    """Asks, and keeps the answers until they are taken.

    Args:
        client: of the forge.
        repository_id: the repository's name in the lake.
        source: `gitlab` or `gitea`.
        page_size: of a list.
        size_name: what the forge calls that.
    """

    client: Asker
    repository_id: str
    source: str
    page_size: int
    size_name: str
    answers: list[Answer] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    _well: tuple[str, Mapping[str, str | int] | None] | None = None  # what went well last

    def one(self, path: str, parameters: Mapping[str, str | int] | None = None) -> Any:
        """The JSON at a path; the answer is kept, and that there was none.

        Raises:
            ForgeError: a subclass says what is wrong.
        """
        try:
            answer = self.client.get(path, parameters)
        except (ForgeNotFoundError, ForgeAccessError):
            self.answers.append(self.client.refusal(path, parameters))
            raise
        self.answers.append(answer)
        self._well = (path, parameters)
        return answer.json

    def one_of_many(self, path: str, parameters: Mapping[str, str | int] | None = None) -> Any:
        """As `one`, for what is asked of each pull request: one that breaks stops no other.

        A forge may fail on one pull request for good: Gitea up to 1.25 on the commits of one
        whose base branch is gone. Such a failure is told from an outage by asking again what
        went well last, and then once more.

        Raises:
            ForgeBrokenPartError: it fails on this alone.
            ForgeError: another subclass says what is wrong.
        """
        try:
            return self.one(path, parameters)
        except ForgeUnavailableError as error:
            if not error.is_answered or self._well is None:
                raise
            self.client.get(*self._well)
        try:
            return self.one(path, parameters)
        except ForgeUnavailableError as error:
            if not error.is_answered:
                raise
            self.answers.append(self.client.refusal(path, parameters))
            raise ForgeBrokenPartError(str(error)) from error

    def part(self, path: str) -> Any:
        """The JSON at a path; None where this forge has none, or the token may not read it."""
        try:
            return self.one_of_many(path)
        except _MISSING as error:
            self._note_missing(error)
            return None

    def part_list(
        self, path: str, parameters: Mapping[str, str | int] | None = None
    ) -> list[Any] | None:
        """A whole list; None where this forge has none, or the token may not read it."""
        found: list[Any] = []
        items: list[Any] = []
        number = 1
        try:
            while True:
                asked = {**(parameters or {}), self.size_name: self.page_size, "page": number}
                before, items = items, self.one_of_many(path, asked)
                if not isinstance(items, list):
                    raise self.no_sense(path, "no list")
                if items and items == before:
                    raise self.no_sense(path, f"page {number} is the one before it")
                found += items
                if not items or not self.has_next(len(items), len(found)):
                    return found
                number += 1
        except _MISSING as error:
            self._note_missing(error)
            return None

    def also(self, answer: Answer) -> None:
        """Keep an answer of an earlier page with this one, too, since it is read from both."""
        if not any(answer is kept for kept in self.answers):
            self.answers.insert(0, answer)  # the last one tells the time

    def total(self) -> int | None:
        """How many items there are, as the last answer's headers tell; None where they do not."""
        headers = self.answers[-1].headers
        told = headers.get("X-Total-Count") or headers.get("X-Total")
        return int(told) if told is not None and told.isdigit() else None

    def has_next(self, rows: int, before: int) -> bool:
        """Whether another page follows one of `rows`, with `before` read up to its end.

        A forge may give fewer a page than asked for, so its own count goes first.
        """
        total = self.total()
        return rows >= self.page_size if total is None else before < total

    def _note_missing(self, error: _Missing) -> None:
        if self.client.is_refused:
            raise error
        if isinstance(error, ForgeBrokenPartError):
            self.warnings.append(f"left out, since the forge fails on it alone: {error}")
            return
        self.warnings.append("parts that the forge does not have, or the token may not read")

    def no_sense(self, where: str, what: str) -> ForgeAnswerError:
        """The error for an answer that is not of the published form."""
        return ForgeAnswerError(
            f"{self.client.base_url}{where}: {what}; is base_url right, and this a {self.source} "
            "server?"
        )

    def taken(
        self, pulls: list[Row], commits: list[Row], reviews: list[Row], unread: Iterable[int]
    ) -> ForgeFrames:
        """Frames of rows, all told now, with the answers that they came from."""
        shared = {"repository_id": self.repository_id, "fetched_at": self.answers[-1].at}
        answers = [answer_row(answer, self.repository_id, self.source) for answer in self.answers]
        self.answers.clear()
        return ForgeFrames.from_rows(
            [{**row, **shared, "source": self.source} for row in pulls],
            [{**row, **shared} for row in commits],
            [{**row, **shared} for row in reviews],
            answers,
            unread,
        )

    def taken_warnings(self) -> tuple[str, ...]:
        """The warnings since the last call, each once."""
        taken = tuple(dict.fromkeys(self.warnings))
        self.warnings.clear()
        return taken


def oldest_first(commits: Sequence[Any], parents: str) -> Sequence[Any]:
    """Commits from old to new: a list whose first commit is a child of the second is turned.

    Args:
        commits: as the forge lists them, each with `sha`.
        parents: the key under which a commit names its parents' ids, as a list.
    """
    is_newest_first = len(commits) > 1 and commits[1]["sha"] in commits[0][parents]
    return list(reversed(commits)) if is_newest_first else commits
