"""Settings about files of pull requests and reviews; see `docs/forges.md`."""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Literal
from zoneinfo import available_timezones

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from quarterdeck.extractors.forge_tables import (
    PULL_REQUEST_FIELDS,
    REVIEW_FIELDS,
    TableSpec,
)

_STRICT = ConfigDict(extra="forbid", frozen=True)


def _refusal(problem: str, remedy: str) -> ValueError:
    return ValueError(f"{problem}; {remedy}")


class _FileSettings(BaseModel):
    """What files of pull requests and of reviews have in common."""

    model_config = _STRICT

    path: str = Field(min_length=1)
    repository: str | None = Field(default=None, min_length=1)
    columns: dict[str, str] = {}
    values: dict[str, dict[str, str]] = {}
    repositories: dict[str, str] = {}
    time_format: str | None = None
    time_zone: str = "UTC"
    as_of: datetime | date | None = None
    separator: str | None = Field(default=None, min_length=1, max_length=1)
    encoding: str | None = None

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        if value not in available_timezones():
            raise _refusal("not a time zone", "use an IANA name such as Europe/Berlin or UTC")
        return value

    @field_validator("encoding")
    @classmethod
    def _known_encoding(cls, value: str | None) -> str | None:
        try:
            "a".encode(value or "utf-8")
        except LookupError:
            raise _refusal("not an encoding of text", "use one such as cp1252 or utf-16") from None
        return value

    def _spec(self, base: Path, holds: str, form: str | None) -> TableSpec:
        return TableSpec(
            pattern=str(base / Path(self.path).expanduser()),
            holds=holds,
            form=form,
            repository=self.repository,
            columns=self.columns,
            values=self.values,
            repositories=self.repositories,
            time_format=self.time_format,
            time_zone=self.time_zone,
            as_of=_instant(self.as_of),
            separator=self.separator,
            encoding=self.encoding,
        )


class PullRequestTableSettings(_FileSettings):
    """Files of pull requests: a table by its columns, gh's output, or hours of GH Archive."""

    format: Literal["csv", "json", "jsonl", "parquet", "gh-json", "gh-archive"] | None = None

    @model_validator(mode="after")
    def _fitting(self) -> "PullRequestTableSettings":
        _check_fields(self.columns, self.values, PULL_REQUEST_FIELDS)
        if self.format in ("gh-json", "gh-archive"):
            if self.columns:
                raise _refusal(f"{self.format} has columns of its own", "leave `columns` away")
            return self
        if not self.columns:
            if self.format is None and re.search(r"\.(json|jsonl|ndjson)(\.gz)?$", self.path):
                return self  # gh's output, or GH Archive
            raise _refusal(
                "nothing says what its columns are", 'give `columns`, as in {number = "number"}'
            )
        if "number" not in self.columns:
            raise _refusal("no column holds the number", "map `number`")
        if "repository" not in self.columns and self.repository is None:
            raise _refusal("nothing names the repository", "map `repository`, or give `repository`")
        return self

    def as_spec(self, base: Path) -> TableSpec:
        """The same for the extractor; paths are relative to `base`."""
        return self._spec(base, "pull requests", self.format)


class ReviewTableSettings(_FileSettings):
    """Files of reviews, by their columns."""

    format: Literal["csv", "json", "jsonl", "parquet"] | None = None

    @model_validator(mode="after")
    def _fitting(self) -> "ReviewTableSettings":
        _check_fields(self.columns, self.values, REVIEW_FIELDS)
        if "pull_request" in self.columns:
            return self
        if "number" not in self.columns:
            raise _refusal(
                "no column names the pull request",
                "map `number`, or `pull_request` for the forge's id that `forge_id` of a table of "
                "pull requests holds",
            )
        if "repository" not in self.columns and self.repository is None:
            raise _refusal("nothing names the repository", "map `repository`, or give `repository`")
        return self

    def as_spec(self, base: Path) -> TableSpec:
        """The same for the extractor; paths are relative to `base`."""
        return self._spec(base, "reviews", self.format)


def _instant(value: datetime | date | None) -> datetime | None:
    if value is None:
        return None
    if not isinstance(value, datetime):
        value = datetime(value.year, value.month, value.day)
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def _check_fields(
    columns: Mapping[str, str], values: Mapping[str, object], known: Mapping[str, object]
) -> None:
    if unknown := sorted(columns.keys() - known.keys()):
        raise _refusal(f"no such field in `columns`: {unknown[0]}", f"use {', '.join(known)}")
    if unknown := sorted(values.keys() - columns.keys()):
        raise _refusal(
            f"`values` names {unknown[0]}, which `columns` does not", "map it, or leave it away"
        )


def twice(
    tables: Sequence[PullRequestTableSettings], reviews: Sequence[ReviewTableSettings]
) -> str | None:
    """What is wrong with the tables together; None where nothing is."""
    for key, paths in (
        ("pull_request_tables", [table.path for table in tables]),
        ("review_tables", [table.path for table in reviews]),
    ):
        if again := [path for path in paths if paths.count(path) > 1]:
            return f"key '{key}': {again[0]} is named twice; leave one entry away"
    return None
