"""What the settings say on who wrote what: the frame of overrides and their path patterns."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Final

import duckdb
import polars as pl
from pathspec.patterns.gitignore.base import GitIgnorePatternError
from pathspec.patterns.gitignore.spec import GitIgnoreSpecPattern

AUTHORSHIP_OVERRIDES_SCHEMA: Final = pl.Schema(
    {
        "position": pl.Int32(),
        "repository": pl.String(),
        "commit_ids": pl.List(pl.String()),
        "author_email": pl.String(),
        "by_agent": pl.String(),
        "paths": pl.List(pl.String()),
        "path_patterns": pl.List(pl.String()),
        "from_date": pl.Date(),
        "to_date": pl.Date(),
        "author_class": pl.String(),
        "agent": pl.String(),
        "reason": pl.String(),
    }
)
"""Columns of `raw.authorship_overrides`: one row per override, `position` from 1."""


@dataclass(frozen=True, slots=True)
class AuthorshipOverride:
    """Whom the settings credit with code lines; docs/authorship.md explains each field."""

    author_class: str
    reason: str
    repository: str | None = None
    commits: tuple[str, ...] = ()
    author: str | None = None
    by_agent: str | None = None
    paths: tuple[str, ...] = ()
    from_date: date | None = None
    to_date: date | None = None
    agent: str | None = None


def path_expression(pattern: str) -> str:
    """The RE2 expression of a gitignore pattern.

    Raises:
        ValueError: it is empty, negated or no such pattern.
    """
    if pattern.startswith("!"):
        raise ValueError(f"path {pattern!r} is negated; write a later [[authorship]] instead")
    try:
        expression, _ = GitIgnoreSpecPattern.pattern_to_regex(pattern)
        if expression is None:
            raise ValueError(f"path {pattern!r} matches nothing; write one such as 'src/**'")
        with duckdb.connect() as connection:
            connection.execute("select regexp_matches('', ?)", [expression])
    except (GitIgnorePatternError, duckdb.Error) as error:
        raise ValueError(f"path {pattern!r} is no pattern as in .gitignore ({error})") from error
    return str(expression)


def overrides_frame(overrides: Iterable[AuthorshipOverride]) -> pl.DataFrame:
    """Shape overrides as the rows of `raw.authorship_overrides`, in their order.

    Returns:
        A frame with `AUTHORSHIP_OVERRIDES_SCHEMA`.

    Raises:
        ValueError: a path is no pattern.
    """
    rows = [
        (
            position,
            override.repository,
            list(override.commits),
            override.author.strip().lower() if override.author else None,
            override.by_agent,
            list(override.paths),
            [path_expression(path) for path in override.paths],
            override.from_date,
            override.to_date,
            override.author_class,
            override.agent,
            override.reason,
        )
        for position, override in enumerate(overrides, start=1)
    ]
    return pl.DataFrame(rows, schema=AUTHORSHIP_OVERRIDES_SCHEMA, orient="row")
