"""Tables of pull requests or reviews, by a mapping of their columns."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from difflib import get_close_matches
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl

from quarterdeck.extractors import forge_values as values
from quarterdeck.extractors.errors import ForgeFileError
from quarterdeck.extractors.forge_frames import ForgeFrames
from quarterdeck.extractors.forge_rows import Row, form_of, read_rows
from quarterdeck.extractors.forge_values import Troubles

SOURCE = "table"
_REPOSITORY = "repository"
UNRESOLVED = "reviews of pull requests that are not known, left out"
#: What a column can be mapped to, and how its cells are read.
PULL_REQUEST_FIELDS: dict[str, values.Converter] = {
    _REPOSITORY: values.repository_name,
    "number": values.reference,
    "state": values.state,
    "created_at": values.time,
    "updated_at": values.time,
    "closed_at": values.time,
    "merged_at": values.time,
    "is_draft": values.truth,
    "author_is_bot": values.truth,
    "merge_commit_id": values.commit_id,
    "head_commit_id": values.commit_id,
    "base_commit_id": values.commit_id,
    "labels": values.texts,
    "closing_issues": values.whole_numbers,
    "head_repository": values.repository_name,
    **dict.fromkeys(
        ["added", "deleted", "changed_files", "comments", "review_threads", "resolved_threads"],
        values.count,
    ),
    **dict.fromkeys(
        [
            "forge_id", "url", "title", "body", "author_login", "author_id", "author_association",
            "merged_by_login", "head_branch", "base_branch", "checks", "agent",
        ],
        values.plain_text,
    ),
}  # fmt: skip
REVIEW_FIELDS: dict[str, values.Converter] = {
    _REPOSITORY: values.repository_name,
    "number": values.reference,
    "pull_request": values.plain_text,  # the forge's id of the pull request
    "review_id": values.plain_text,
    "reviewer_login": values.plain_text,
    "reviewer_is_bot": values.truth,
    "state": values.review_state,
    "submitted_at": values.time,
    "comments": values.count,
}
_TIMES = frozenset(["created_at", "updated_at", "closed_at", "merged_at", "submitted_at"])


@dataclass(frozen=True)
class TableSpec:
    """How files of one kind are to be read."""

    pattern: str  # absolute path, possibly with * and ?
    holds: str = "pull requests"  # or reviews
    form: str | None = None  # csv, json, jsonl, parquet, gh-json, gh-archive; None: by the name
    repository: str | None = None  # of every row
    columns: Mapping[str, str] = field(default_factory=dict)  # field: column of the file
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)  # field: theirs: ours
    repositories: Mapping[str, str] = field(default_factory=dict)  # theirs: ours
    time_format: str | None = None  # of strptime
    time_zone: str = "UTC"  # of times without an offset
    as_of: datetime | None = None  # when the file was exported; None: its own time
    separator: str | None = None
    encoding: str | None = None  # of text; None: told by its first bytes


@dataclass(frozen=True)
class FileTold:
    """What a file told."""

    frames: ForgeFrames
    rows: int
    troubles: Troubles

    @property
    def kept(self) -> int:
        """Pull requests and reviews taken from it."""
        return self.frames.pull_requests.height + self.frames.reviews.height


#: Repository and number of a pull request by the forge's id of it.
Numbers = Callable[[], Mapping[str, tuple[str, int]]]


def read_table(path: Path, spec: TableSpec, as_of: datetime, numbers: Numbers) -> FileTold:
    """Read one file by its mapping.

    Args:
        path: the file.
        spec: the mapping; fields that it does not name are NULL.
        as_of: `fetched_at` of every row.
        numbers: used for reviews that name their pull request by the forge's id.

    Returns:
        the frames, in which `repository_id` is the name as told, and what was wrong.

    Raises:
        ForgeFileError: the file cannot be read, or lacks a column that the mapping names.
    """
    reviews = spec.holds == "reviews"
    converters = _converters(spec, REVIEW_FIELDS if reviews else PULL_REQUEST_FIELDS)
    troubles, seen, read = Troubles(), set[str](), list[dict[str, Any]]()
    rows = 0
    known = numbers() if "pull_request" in spec.columns else {}
    form = spec.form or form_of(path)
    for where, cells in read_rows(path, form, spec.separator, troubles, spec.encoding):
        rows += 1
        seen.update(cells)
        row = _row((where, cells), spec, converters, troubles)
        finish = _review if reviews else _pull_request
        if finish(row, where, spec, known, troubles):
            row["fetched_at"] = as_of
            read.append(row)
    _check_columns(path, spec, seen, rows, troubles)
    if reviews:
        return FileTold(ForgeFrames.from_rows(reviews=_once(read, troubles)), rows, troubles)
    frames = ForgeFrames.from_rows(pull_requests=read)
    return FileTold(ForgeFrames(newest_of_each(frames.pull_requests, troubles)), rows, troubles)


def _converters(
    spec: TableSpec, known: Mapping[str, values.Converter]
) -> dict[str, values.Converter]:
    zone = UTC if spec.time_zone == "UTC" else ZoneInfo(spec.time_zone)

    def in_zone(value: Any) -> datetime | None:
        return values.time(value, zone, spec.time_format)

    return {name: in_zone if name in _TIMES else known[name] for name in spec.columns}


def _row(
    row: Row, spec: TableSpec, converters: Mapping[str, values.Converter], troubles: Troubles
) -> dict[str, Any]:
    where, cells = row
    made: dict[str, Any] = {}
    for name, column in spec.columns.items():
        value = cells.get(column)
        renamed = spec.values.get(name)
        if renamed is not None and value is not None:
            value = renamed.get(str(value).strip(), value)
        try:
            made[name] = converters[name](value)
        except ValueError:
            troubles.add(f"{name} not understood", where, value)
            made[name] = None
    told = made.pop(_REPOSITORY, None) or spec.repository
    made["repository_id"] = spec.repositories.get(told, told) if told else None
    return made


def _pull_request(
    row: dict[str, Any], where: str, spec: TableSpec, _known: object, troubles: Troubles
) -> bool:
    """Complete a row; False where it cannot be kept."""
    if row.get("number") is None or row["repository_id"] is None:
        missing = "number" if row.get("number") is None else "repository"
        troubles.add(f"rows without a {missing}, left out", where)
        return False
    if row.get("merged_at") is not None:
        row["state"] = "merged"
    elif row.get("state") is None:
        if row.get("closed_at") is not None and "merged_at" in spec.columns:
            row["state"] = "closed"
        elif "closed_at" in spec.columns and "state" not in spec.columns:
            row["state"] = "open" if row.get("closed_at") is None else None
    created, closed = row.get("created_at"), row.get("merged_at") or row.get("closed_at")
    if created and closed and closed < created:
        troubles.add("closed before they were opened", where, f"{created:%F %T}, {closed:%F %T}")
    row["source"] = SOURCE
    if row.get("author_is_bot") is None and (row.get("author_login") or "").endswith("[bot]"):
        row["author_is_bot"] = True
    return True


def _review(
    row: dict[str, Any],
    where: str,
    _spec: TableSpec,
    known: Mapping[str, tuple[str, int]],
    troubles: Troubles,
) -> bool:
    """Complete a row; False where it cannot be kept."""
    told = row.pop("pull_request", None)
    if row.get("number") is None and told is not None:
        if told not in known:
            troubles.add(UNRESOLVED, where, told)
            return False
        row["repository_id"], row["number"] = known[told]
    if row.get("number") is None or row["repository_id"] is None:
        troubles.add("rows without a pull request, left out", where)
        return False
    if row.get("review_id") is None:
        told_by = f"{row.get('reviewer_login')} {row.get('submitted_at')} {row.get('state')}"
        row["review_id"] = hashlib.sha256(told_by.encode("utf-8", "replace")).hexdigest()[:16]
    if row.get("reviewer_is_bot") is None and (row.get("reviewer_login") or "").endswith("[bot]"):
        row["reviewer_is_bot"] = True
    return True


def _once(rows: list[dict[str, Any]], troubles: Troubles) -> list[dict[str, Any]]:
    kept = {(row["repository_id"], row["number"], row["review_id"]): row for row in rows}
    if len(kept) < len(rows):
        troubles.add(
            "reviews told twice, of which the last counts", "file", times=len(rows) - len(kept)
        )
    return list(kept.values())


def newest_of_each(frame: pl.DataFrame, troubles: Troubles) -> pl.DataFrame:
    """One row per repository and number: of each field the newest value that is there.

    The newest is the one with the latest `updated_at`, else the one that stands last.
    """
    key = ["repository_id", "number"]
    twice = frame.height - frame.select(key).n_unique()
    if not twice:
        return frame
    again = frame.filter(pl.struct(key).is_duplicated()).row(0, named=True)
    where = f"{again['repository_id']} {again['number']}"
    troubles.add("rows about a pull request that has one already, joined to it", where, times=twice)
    fields = [pl.col(name).drop_nulls().last() for name in frame.columns if name not in key]
    joined = (
        frame.sort("updated_at", nulls_last=False, maintain_order=True)
        .group_by(key, maintain_order=True)
        .agg(fields)
    )
    return joined.select(frame.columns)


def _check_columns(
    path: Path, spec: TableSpec, seen: set[str], rows: int, troubles: Troubles
) -> None:
    if not rows:
        troubles.add("no rows", path.name)
        return
    for name, column in spec.columns.items():
        if column not in seen:
            near = get_close_matches(column, seen, n=1)
            guess = f"; did you mean {near[0]!r}?" if near else ""
            listed = ", ".join(sorted(c for c in seen if "." not in c))
            raise ForgeFileError(
                f"{path}: has no column {column!r}, which `columns` names for {name}{guess}; it "
                f"has {listed}"
            )
    used = {column.partition(".")[0] for column in spec.columns.values()}
    unused = sorted(c for c in seen - set(spec.columns.values()) - used if "." not in c)
    if unused:
        troubles.add("columns that nothing reads", ", ".join(unused), times=len(unused))
