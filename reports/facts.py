"""Read the marts into small records; every number of the report comes from here.

Nothing is measured here: the statements select rows of `marts` for the organisation, take the
difference to the quarter before, and fold the long tail of agents into one row.
"""

from __future__ import annotations

import difflib
import json
import re
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final, TypeVar

import duckdb

from quarterdeck.reports import formats as fmt
from quarterdeck.reports.errors import ReportError
from quarterdeck.reports.outcome_facts import Outcomes, read_outcomes
from quarterdeck.reports.place_facts import (
    FileClass,
    LanguageQuarter,
    PlaceQuarter,
    Repository,
    Team,
)
from quarterdeck.reports.queries import QUERIES

QUARTERS_SHOWN: Final = 40
AGENTS_SHOWN: Final = 7
#: Repositories, teams and languages that have a chart of their own.
PLACES_SHOWN: Final = 8

Record = TypeVar("Record")


@dataclass(frozen=True)
class Overview:
    """The one row of `marts.report_facts`, and where the charts begin.

    `repository` is the one that the report is on; None for the organisation's.
    """

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
    repository: str | None
    settings: dict[str, Any]
    shown_from: date | None

    @property
    def merge_window(self) -> int:
        """Days within which a pull request counts as merged."""
        return int(self.settings.get("merge_window_days", 30))

    @property
    def activity_days(self) -> int:
        """Days for which a landed change makes its author an active contributor."""
        return int(self.settings.get("multiple", {}).get("activity_days", 365))

    @property
    def name(self) -> str:
        """Whose report it is."""
        return self.organisation if self.repository is None else self.repository


@dataclass(frozen=True)
class Multiple:
    """One measure in one quarter; `multiple` and its 95% interval are ratios to the baseline."""

    measure: str
    quarter: str
    quarter_start: date
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
    """One agent, or all smaller ones as `other`, in one quarter.

    `agents` is how many of them have code lines in it; `landed_changes` is missing where they are
    several, for a change that two had a part in is one.
    """

    agent: str
    is_other: bool
    quarter: str
    share: float | None
    model_lines: float | None
    landed_changes: int | None
    agents: int


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
    """What became of the code lines that one author class wrote in a quarter; shares are 0 to 1.

    `alive_90_points` is the change of `alive_90` since the quarter before (percentage points).
    """

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
    alive_90_points: float | None


@dataclass(frozen=True)
class Coverage:
    """Commits of models in one quarter: seen, and estimated to be there.

    All of it is of the `repositories` with both kinds of evidence.
    """

    quarter: str
    is_partial: bool
    repositories: int | None
    seen: int | None
    estimate: float | None
    low: float | None
    high: float | None
    coverage: float | None
    reason: str | None


@dataclass(frozen=True)
class Issue:
    """One kind of gap in the data, over all repositories; `share` is 0 to 1 of `total`.

    `repositories` is missing where the gap is in the settings.
    """

    issue: str
    repositories: int | None
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
    places: tuple[PlaceQuarter, ...]
    languages: tuple[LanguageQuarter, ...]
    outcomes: Outcomes

    def is_young(self, quarter: str, days: int) -> bool:
        """Whether part of `quarter` was not yet `days` old at the data cut-off."""
        start = next((row.quarter_start for row in self.multiples if row.quarter == quarter), None)
        if start is None or self.overview.cutoff is None:
            return False
        end = date(start.year + (start.month > 9), (start.month + 2) % 12 + 1, 1)
        return end + timedelta(days=days) > date.fromisoformat(self.overview.cutoff[:10])


def read_facts(
    database: Path, connection: duckdb.DuckDBPyConnection, repository: str | None = None
) -> Facts:
    """Read everything that the report shows from the marts behind `connection`.

    Args:
        database: where the database is, for messages.
        connection: a read-only connection to it.
        repository: the one to read about; by default all of the organisation.

    Raises:
        ReportError: a mart or a column is missing, the marts have not been filled, or there is no
            such repository.
    """
    try:
        if repository is not None:
            _expect(database, connection, repository)
        scope = {
            "scope": "organisation" if repository is None else "repository",
            "scope_name": repository,
        }
        overview = _overview(database, connection, scope)
        shown = {
            **scope,
            "shown_from": overview.shown_from,
            "whole": overview.last_whole_quarter,
            "agents_shown": AGENTS_SHOWN,
            "places_shown": PLACES_SHOWN,
        }

        def rows(name: str, record: type[Record]) -> tuple[Record, ...]:
            return told(QUERIES[name], record)

        def told(statement: str, record: type[Record]) -> tuple[Record, ...]:
            used = {k: v for k, v in shown.items() if re.search(rf"\${k}\b", statement)}
            found = connection.execute(statement, used).fetchall()
            return tuple(record(*map(fmt.shown, row)) for row in found)

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
            places=rows("places", PlaceQuarter),
            languages=rows("languages", LanguageQuarter),
            outcomes=read_outcomes(told),
        )
    except (duckdb.CatalogException, duckdb.BinderException) as error:
        raise ReportError(
            f"The database lacks what the report reads ({str(error).splitlines()[0]})",
            database,
            "Rebuild it with this version of Quarterdeck: `quarterdeck build`.",
        ) from error


def _expect(database: Path, connection: duckdb.DuckDBPyConnection, repository: str) -> None:
    known = [
        name
        for (name,) in connection.execute(
            "select repository_id from marts.repositories order by repository_id"
        ).fetchall()
    ]
    if repository not in known:
        near = difflib.get_close_matches(repository, known, n=3, cutoff=0.4) or known[:3]
        raise ReportError(
            f"No repository {repository!r}",
            database,
            f"It holds {fmt.plural(len(known), 'repository')}, such as: {', '.join(near)}.",
        )


def _overview(
    database: Path, connection: duckdb.DuckDBPyConnection, scope: dict[str, str | None]
) -> Overview:
    parameters = {**scope, "quarters_shown": QUARTERS_SHOWN}
    row = connection.execute(QUERIES["overview"], parameters).fetchone()
    if row is None:
        raise ReportError(
            "The database holds no finished build (marts.report_facts is empty)",
            database,
            "Run `quarterdeck build`.",
        )
    values = (*map(fmt.shown, row[:-2]), json.loads(row[-2] or "{}"), row[-1])
    return Overview(*values)
