"""What a forge told, in four frames, and its one way into the lake.

Every writer (API clients, readers of files) fills `ForgeFrames`. A row says when it was told
(`fetched_at`); of several rows about the same thing the newest counts when the database is
built, so telling something again does no harm.
"""

from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl

from quarterdeck.extractors.forge_schemas import (
    FORGE_ANSWERS,
    FORGE_PULL_REQUEST_COMMITS,
    FORGE_PULL_REQUESTS,
    FORGE_REVIEWS,
)
from quarterdeck.extractors.lake import Lake

_CURSORS = "forge_cursors"
_KEYS = {
    "forge_answers": ("source", "request", "fetched_at"),
    "forge_pull_request_commits": ("number", "commit_id", "fetched_at"),
    "forge_reviews": ("number", "review_id", "fetched_at"),
    "forge_pull_requests": ("number", "source", "fetched_at"),
}


@dataclass(frozen=True)
class ForgeFrames:
    """What was told at once, of one repository or of many.

    The commits of a pull request are a list: all that are told with the same `fetched_at`
    belong together, and the newest list replaces the others. Tell a list whole.
    """

    pull_requests: pl.DataFrame = field(default_factory=FORGE_PULL_REQUESTS.to_frame)
    commits: pl.DataFrame = field(default_factory=FORGE_PULL_REQUEST_COMMITS.to_frame)
    reviews: pl.DataFrame = field(default_factory=FORGE_REVIEWS.to_frame)
    answers: pl.DataFrame = field(default_factory=FORGE_ANSWERS.to_frame)
    unread_reviews: Set[int] = frozenset()  # pull requests whose reviews could not be read

    @classmethod
    def from_rows(
        cls,
        pull_requests: Iterable[Mapping[str, Any]] = (),
        commits: Iterable[Mapping[str, Any]] = (),
        reviews: Iterable[Mapping[str, Any]] = (),
        answers: Iterable[Mapping[str, Any]] = (),
        unread_reviews: Iterable[int] = (),
    ) -> "ForgeFrames":
        """Frames from rows by column name; a column that a row lacks is NULL in it."""
        return cls(
            _frame(pull_requests, FORGE_PULL_REQUESTS),
            _frame(commits, FORGE_PULL_REQUEST_COMMITS),
            _frame(reviews, FORGE_REVIEWS),
            _frame(answers, FORGE_ANSWERS),
            frozenset(unread_reviews),
        )

    def by_table(self) -> dict[str, pl.DataFrame]:
        """The frames by lake table; pull requests last: they make the watermark."""
        return {
            "forge_answers": self.answers,
            "forge_pull_request_commits": self.commits,
            "forge_reviews": self.reviews,
            "forge_pull_requests": self.pull_requests,
        }


def append_frames(
    lake: Lake,
    repository_id: str,
    frames: ForgeFrames,
    in_place_of: Mapping[str, Path] | None = None,
) -> None:
    """Write a part for each frame that has rows, under the name of one repository.

    The parts are named by their keys, so that writing the same again replaces them. Pull
    requests are written last: after a kill the watermark is not ahead of what was kept.

    Args:
        lake: where the parts go.
        repository_id: the repository of every row.
        frames: what was told.
        in_place_of: by table, the part that the rows replace, also where there are none.

    Raises:
        ValueError: a row is of another repository.
        LakeWriteError: the disk is full, or the folder cannot be written.
    """
    for table, frame in frames.by_table().items():
        old = (in_place_of or {}).get(table)
        if not frame.height and old is None:
            continue
        others = set(frame["repository_id"]) - {repository_id}
        if others:
            raise ValueError(f"{table}: rows of {sorted(map(str, others))}, not {repository_id}")
        lake.append_told(table, frame, _KEYS[table], repository_id, old)


def watermark(lake: Lake, repository_id: str, source: str) -> datetime | None:
    """Newest `updated_at` that a source told of a repository (UTC); None before the first.

    What is older need not be in the lake, if the source tells the newest first and was
    interrupted: keep that with `write_cursor`.
    """
    told = known_pull_requests(lake, repository_id, source)["updated_at"]
    newest = told.max()
    return newest if isinstance(newest, datetime) else None


def known_pull_requests(lake: Lake, repository_id: str, source: str) -> pl.DataFrame:
    """What a source last told of each pull request.

    Returns:
        One row per number: number, updated_at, fetched_at (UTC).
    """
    columns = ["number", "source", "updated_at", "fetched_at"]
    told = lake.read("forge_pull_requests", repository_id, columns)
    return (
        told.filter(pl.col("source") == source)
        .sort("fetched_at", "updated_at")
        .unique("number", keep="last", maintain_order=True)
        .select("number", "updated_at", "fetched_at")
        .sort("number")
    )


def read_cursor(lake: Lake, repository_id: str, source: str) -> dict[str, object] | None:
    """What `write_cursor` kept of an extraction; None where it kept nothing."""
    return lake.read_note(_CURSORS, f"{source} {repository_id}")


def write_cursor(lake: Lake, repository_id: str, source: str, cursor: Mapping[str, object]) -> None:
    """Keep how far an extraction has come, as a JSON object, for the next run.

    Raises:
        LakeWriteError: the disk is full, or the folder cannot be written.
    """
    lake.write_note(_CURSORS, f"{source} {repository_id}", cursor)


def _frame(rows: Iterable[Mapping[str, Any]], schema: pl.Schema) -> pl.DataFrame:
    """Strict by name: a column that the schema lacks is a programmer's mistake."""
    listed = list(rows)
    if unknown := {name for row in listed for name in row} - schema.keys():
        raise ValueError(f"no such columns: {', '.join(sorted(unknown))}")
    columns = {name: [_text(row.get(name)) for row in listed] for name in schema}
    return pl.DataFrame(columns, schema=schema)


def _text(value: Any) -> Any:
    """A text without halves of characters: a forge that cuts one off may tell its first half."""
    if isinstance(value, str) and not value.isascii():
        return value.encode("utf-8", "replace").decode("utf-8")
    return [_text(item) for item in value] if isinstance(value, list) else value
