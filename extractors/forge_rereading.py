"""Reads the kept answers of forges again where the reading has become a better one.

Each forge's reader has a version, and the lake notes the oldest by which it has what that forge
told. Where that is older, every page is read again from its kept answers, in the order in which
they came, and takes the place of the parts that it was read into before; nobody is asked. The
version is noted at the end, so a run that is killed reads all again, and each part is replaced
in one move. What cannot be read again stays as it is until the forge has told it once more.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import polars as pl

from quarterdeck.extractors import gitea, github, github_reading, gitlab
from quarterdeck.extractors.errors import LakeError, LakeWriteError
from quarterdeck.extractors.forge_answers import KeptAnswers
from quarterdeck.extractors.forge_errors import ForgeAnswerError, ForgeError
from quarterdeck.extractors.forge_frames import ForgeFrames, known_pull_requests
from quarterdeck.extractors.forge_parts import (
    ask_again_from,
    note_reading,
    noted_reading,
    replace_page,
)
from quarterdeck.extractors.forge_schemas import FORGE_ANSWERS, FORGE_REVIEWS
from quarterdeck.extractors.forge_withdrawn import KnownReviews
from quarterdeck.extractors.lake import Lake
from quarterdeck.extractors.lake_checksums import set_aside, unsound
from quarterdeck.extractors.lake_files import cannot_write, read_part
from quarterdeck.extractors.schemas import FORGE_TABLES

_READERS: dict[str, Callable[[KeptAnswers, str], ForgeFrames]] = {
    "github": github.read_kept,
    "gitlab": gitlab.read_kept,
    "gitea": gitea.read_kept,
}


@dataclass(frozen=True)
class ReadAgain:
    """What reading again came to."""

    answers: int  # that were read
    left: tuple[int, ...]  # pull requests that are to be asked for again
    problems: tuple[str, ...]  # with answers, a line each


def reading_of(source: str) -> int:
    """The version of the reading of a forge's answers."""
    return {
        "github": github_reading.READING,
        "gitlab": gitlab.READING,
        "gitea": gitea.READING,
    }[source]


def read_again(lake: Lake, repository_id: str, source: str) -> ReadAgain | None:
    """Read again what an older version of the reading has read; None where there is nothing.

    Args:
        lake: the lake.
        repository_id: the repository's name in it.
        source: `github`, `gitlab` or `gitea`.

    Raises:
        LakeError: what the lake has of the pull requests cannot be read.
        LakeWriteError: the disk is full, or the folder cannot be written.
    """
    with lake.lock(repository_id):
        noted, current = noted_reading(lake, repository_id, source), reading_of(source)
        found = _Rereading(lake, repository_id, source).run() if noted < current else None
        if noted != current:
            note_reading(lake, repository_id, source, current)
    return found if found is not None and (found.answers or found.left or found.problems) else None


class _Rereading:
    def __init__(self, lake: Lake, repository_id: str, source: str) -> None:
        self.lake, self.repository_id, self.source = lake, repository_id, source
        self.answers = 0
        self.problems: list[str] = []

    def run(self) -> ReadAgain:
        told = self.lake.read("forge_pull_requests", self.repository_id)
        told = told.filter(source=self.source).select("number", "fetched_at")
        before = known_pull_requests(self.lake, self.repository_id, self.source)
        reviews = self.lake.read("forge_reviews", self.repository_id)
        by_time = {time: part for (time,), part in reviews.group_by("fetched_at")}
        pages, places = self._pages(), self._places()
        known = KnownReviews(FORGE_REVIEWS.to_frame())
        read: set[datetime] = set()
        for time in sorted(pages.keys() | by_time.keys()):
            numbers = set(told.filter(fetched_at=time)["number"])
            frames = self._read(pages[time], time, numbers) if time in pages else None
            if frames is None:
                known.add(by_time.get(time, known.frame.clear()))
                continue
            frames = known.with_withdrawn(frames)
            place = places.get(time, {})
            replace_page(self.lake, self.repository_id, self.source, frames, place)
            read.add(time)
        left = before.filter(~pl.col("fetched_at").is_in(read))
        if left.height:
            oldest = None if left["updated_at"].has_nulls() else left["updated_at"].min()
            since = oldest if isinstance(oldest, datetime) else None
            ask_again_from(self.lake, self.repository_id, self.source, since)
        return ReadAgain(self.answers, tuple(left["number"]), tuple(self.problems))

    def _pages(self) -> dict[datetime, Path]:
        """The parts of the answers by the time that their page was told; damaged ones go."""
        parts = self.lake.parts("forge_answers", self.repository_id)
        damaged = set(unsound(self.lake.root, parts))
        found = {}
        for part in parts:
            if part in damaged:
                self._set_aside(part)
                continue
            rows = read_part(part, ["source", "fetched_at"])
            if rows.height and rows["source"][0] == self.source:
                found[rows["fetched_at"][-1]] = part
        return found

    def _set_aside(self, part: Path) -> None:
        try:
            set_aside(part)
        except OSError as error:
            raise LakeWriteError(cannot_write(part, error)) from error
        self.problems.append(f"{part} is damaged: set aside as {part.name}.damaged")

    def _places(self) -> dict[datetime, dict[str, Path]]:
        """Where each page's rows stand, by table."""
        found: dict[datetime, dict[str, Path]] = {}
        for table in FORGE_TABLES:
            for part in self.lake.parts(table, self.repository_id):
                rows = read_part(part, ["fetched_at"], rows=1)
                if rows.height:
                    found.setdefault(rows["fetched_at"][0], {})[table] = part
        return found

    def _read(self, part: Path, time: datetime, numbers: set[int]) -> ForgeFrames | None:
        """A page from its answers; None where they do not tell."""
        try:
            rows = read_part(part)
            frames = _READERS[self.source](KeptAnswers(rows), self.repository_id)
            if gone := numbers - set(frames.pull_requests["number"]):
                named = ", ".join(f"#{number}" for number in sorted(gone)[:3])
                raise ForgeAnswerError(f"tells no more of {len(gone):,} pull requests ({named})")
        except (ForgeError, LakeError) as error:
            self.problems.append(f"{part}: cannot be read again: {error}")
            return None
        self.answers += rows.height
        return _told_at(frames, time)


def _told_at(frames: ForgeFrames, time: datetime) -> ForgeFrames:
    """The frames as of when they were told, without the answers, which stay."""
    at = pl.lit(time, FORGE_ANSWERS["fetched_at"])
    return replace(
        frames,
        pull_requests=frames.pull_requests.with_columns(fetched_at=at),
        commits=frames.commits.with_columns(fetched_at=at),
        reviews=frames.reviews.with_columns(fetched_at=at),
        answers=FORGE_ANSWERS.to_frame(),
    )
