"""Read the marts into small records; every number of the report comes from here.

Nothing is measured here: the statements select rows of `marts` for the organisation, take the
difference to the quarter before, and fold the long tail of agents into one row.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final, TypeVar

import duckdb

from quarterdeck.reports.errors import ReportError
from quarterdeck.reports.outcome_facts import Outcomes, read_outcomes
from quarterdeck.reports.queries import QUERIES

QUARTERS_SHOWN: Final = 40
AGENTS_SHOWN: Final = 7

Record = TypeVar("Record")


@dataclass(frozen=True)
class Overview:
    """The one row of `marts.report_facts`, and where the charts begin."""

    organisation: str
    cutoff: str | None
    first_quarter: str | None
    last_quarter: str | None
    last_whole_quarter: str | None
    baseline_label: str | None
    baseline_quarters: int | None
    preset: str | None
    repositories: int
    landed_changes: int
    contributors: int
    version: str
    settings: dict[str, Any]
    shown_from: date | None


@dataclass(frozen=True)
class Multiple:
    """One measure in one quarter; `multiple` and its 95% interval are ratios to the baseline."""

    measure: str
    quarter: str
    is_partial: bool
    is_baseline: bool
    days: int | None
    landed_changes: int | None
    total: float | None
    active_contributors: float | None
    multiple: float | None
    low: float | None
    high: float | None
    n: int | None
    reason: str | None
    change: float | None


@dataclass(frozen=True)
class Authorship:
    """Who wrote the code lines of one quarter; shares are 0 to 1 of `code_lines`.

    `model_share_low` counts attested and declared lines only, `model_share_high` every undeclared
    line as well.
    """

    quarter: str
    is_partial: bool
    code_lines: float | None
    model_share: float | None
    model_share_low: float | None
    model_share_high: float | None
    attested_share: float | None
    declared_share: float | None
    indicated_share: float | None
    human_share: float | None
    automation_share: float | None
    undeclared_share: float | None
    landed_changes: int | None
    model_changes: int | None
    change_points: float | None


@dataclass(frozen=True)
class AgentQuarter:
    """One agent, or all smaller ones as `other`, in one quarter."""

    agent: str
    is_other: bool
    quarter: str
    share: float | None
    model_lines: float | None
    landed_changes: int | None


@dataclass(frozen=True)
class MergeRate:
    """Pull requests of one author class in one quarter; rates are 0 to 1."""

    author_class: str
    quarter: str
    is_partial: bool
    is_baseline: bool
    pull_requests: int | None
    mature: int | None
    merged: int | None
    rate: float | None
    low: float | None
    high: float | None
    baseline_rate: float | None
    change_points: float | None
    reason: str | None
    change_since_last: float | None


@dataclass(frozen=True)
class FileClass:
    """Added and deleted lines of one file class in one quarter; `share` is 0 to 1 of the added."""

    quarter: str
    file_class: str
    added: int | None
    deleted: int | None
    files: int | None
    share: float | None


@dataclass(frozen=True)
class SurvivalPoint:
    """Code lines of one author class alive at one age; `survival` is 0 to 1.

    With `matched_with`, of the quarters alone in which that class wrote lines too.
    """

    author_class: str
    matched_with: str | None
    age_days: int
    lines: float
    landed_changes: int
    contributors: int
    at_risk: float
    survival: float | None
    low: float | None
    high: float | None
    half_life_days: float | None
    reason: str | None


@dataclass(frozen=True)
class Churn:
    """What became of the code lines that one author class wrote in a quarter; shares are 0 to 1."""

    author_class: str
    quarter: str
    is_partial: bool
    landed_changes: int
    lines_written: float | None
    followed_share: float | None
    churn14: float | None
    churn30: float | None
    alive_90: float | None
    reason: str | None


@dataclass(frozen=True)
class Repository:
    """One repository, with its own multiple in the latest whole quarter."""

    name: str
    status: str
    problem: str | None
    landed_changes: int | None
    code_lines: int | None
    contributors: int | None
    pull_requests: int | None
    multiple: float | None
    low: float | None
    high: float | None
    missing_files: int | None
    is_shallow: bool
    last_landed: date | None
    mined: str | None
    tip: str | None


@dataclass(frozen=True)
class Team:
    """One team in the latest whole quarter; shares are 0 to 1 of its code lines."""

    name: str
    multiple: float | None
    low: float | None
    high: float | None
    reason: str | None
    landed_changes: int | None
    active_contributors: float | None
    code_lines: int | None
    model_share: float | None
    undeclared_share: float | None


@dataclass(frozen=True)
class Coverage:
    """Commits of models in one quarter: seen, and estimated to be there."""

    quarter: str
    is_partial: bool
    seen: int | None
    estimate: float | None
    low: float | None
    high: float | None
    coverage: float | None
    reason: str | None


@dataclass(frozen=True)
class Issue:
    """One kind of gap in the data, over all repositories; `share` is 0 to 1 of `total`."""

    issue: str
    repositories: int
    affected: int | None
    total: int | None
    share: float | None
    detail: str | None


@dataclass(frozen=True)
class Facts:
    """All that one report says, oldest quarter first."""

    overview: Overview
    multiples: tuple[Multiple, ...]
    authorship: tuple[Authorship, ...]
    agents: tuple[AgentQuarter, ...]
    merges: tuple[MergeRate, ...]
    file_classes: tuple[FileClass, ...]
    survival: tuple[SurvivalPoint, ...]
    churn: tuple[Churn, ...]
    repositories: tuple[Repository, ...]
    teams: tuple[Team, ...]
    coverage: tuple[Coverage, ...]
    issues: tuple[Issue, ...]
    outcomes: Outcomes


def read_facts(database: Path, connection: duckdb.DuckDBPyConnection) -> Facts:
    """Read everything that the report shows from the marts behind `connection`.

    Args:
        database: where the database is, for messages.
        connection: a read-only connection to it.

    Raises:
        ReportError: a mart or a column is missing, or the marts have not been filled.
    """
    try:
        overview = _overview(database, connection)
        shown = {
            "shown_from": overview.shown_from,
            "whole": overview.last_whole_quarter,
            "agents_shown": AGENTS_SHOWN,
        }

        def rows(name: str, record: type[Record]) -> tuple[Record, ...]:
            return told(QUERIES[name], record)

        def told(statement: str, record: type[Record]) -> tuple[Record, ...]:
            used = {key: value for key, value in shown.items() if f"${key}" in statement}
            return tuple(record(*row) for row in connection.execute(statement, used).fetchall())

        return Facts(
            overview=overview,
            multiples=rows("multiples", Multiple),
            authorship=rows("authorship", Authorship),
            agents=rows("agents", AgentQuarter),
            merges=rows("merges", MergeRate),
            file_classes=rows("file_classes", FileClass),
            survival=rows("survival", SurvivalPoint),
            churn=rows("churn", Churn),
            repositories=rows("repositories", Repository),
            teams=rows("teams", Team),
            coverage=rows("coverage", Coverage),
            issues=rows("issues", Issue),
            outcomes=read_outcomes(told),
        )
    except (duckdb.CatalogException, duckdb.BinderException) as error:
        raise ReportError(
            f"The database lacks what the report reads ({str(error).splitlines()[0]})",
            database,
            "Rebuild it with this version of Quarterdeck: `quarterdeck build`.",
        ) from error


def _overview(database: Path, connection: duckdb.DuckDBPyConnection) -> Overview:
    cursor = connection.execute(QUERIES["overview"], {"quarters_shown": QUARTERS_SHOWN})
    row = cursor.fetchone()
    if row is None:
        raise ReportError(
            "The database holds no finished build (marts.report_facts is empty)",
            database,
            "Run `quarterdeck build`.",
        )
    values = (*row[:-2], json.loads(row[-2] or "{}"), row[-1])
    return Overview(*values)
