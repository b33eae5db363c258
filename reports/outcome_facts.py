"""What became of pull requests and changes, and how the multiple moves: records and statements."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any, Final


@dataclass(frozen=True)
class Rate:
    """Successes over trials of one author class in one quarter; rates are 0 to 1.

    `is_partial`: the quarter is not over, or part of it is too young to be among the trials.
    """

    series: str
    author_class: str
    quarter: str
    is_partial: bool
    trials: int | None
    successes: int | None
    rate: float | None
    low: float | None
    high: float | None
    reason: str | None


@dataclass(frozen=True)
class RungDetail:
    """One rung of the ladder for one agent or one tier, in one quarter."""

    quarter: str
    author_class: str
    agent: str
    tier: str
    rung: str
    trials: int | None
    successes: int | None
    rate: float | None
    low: float | None
    high: float | None
    reason: str | None


@dataclass(frozen=True)
class Waiting:
    """How fast the pull requests that one author class opened in a quarter were merged."""

    author_class: str
    quarter: str
    is_partial: bool
    pull_requests: int
    merged: int
    merged_1_day: float | None
    merged_7_days: float | None
    merged_30_days: float | None
    median_days: float | None
    low: float | None
    high: float | None
    reason: str | None


@dataclass(frozen=True)
class Trend:
    """The log-linear trend of one measure after the baseline, by quarters that are over."""

    measure: str
    points: int
    doubling_months: float | None
    low: float | None
    high: float | None
    quadratic_p: float | None
    acceleration_p: float | None
    preferred: str | None
    acceleration: str | None
    doubling_reason: str | None
    acceleration_reason: str | None


@dataclass(frozen=True)
class FixedSet:
    """The shipped-code multiple over those alone that are in baseline and quarter."""

    kind: str
    quarter: str
    quarter_start: date
    is_partial: bool
    members: int | None
    multiple: float | None
    low: float | None
    high: float | None
    reason: str | None


@dataclass(frozen=True)
class Spread:
    """Over how many contributors the code lines of a quarter spread; shares are 0 to 1."""

    quarter: str
    is_partial: bool
    contributors: int | None
    top_contributors: int | None
    top_tenth_share: float | None
    gini: float | None
    effective: float | None
    reason: str | None


@dataclass(frozen=True)
class Reviews:
    """How the pull requests merged in a quarter were reviewed; shares are 0 to 1."""

    quarter: str
    is_partial: bool
    merged: int | None
    told: int | None
    per_pull_request: float | None
    unreviewed_share: float | None
    no_human_share: float | None
    median_hours: float | None
    reason: str | None


@dataclass(frozen=True)
class Outcomes:
    """All of it, oldest quarter first."""

    ladder: tuple[Rate, ...]
    rungs: tuple[RungDetail, ...]
    reverts: tuple[Rate, ...]
    waiting: tuple[Waiting, ...]
    trends: tuple[Trend, ...]
    fixed_sets: tuple[FixedSet, ...]
    spread: tuple[Spread, ...]
    reviews: tuple[Reviews, ...]


def read_outcomes(rows: Callable[[str, Any], tuple[Any, ...]]) -> Outcomes:
    """Read the records with `rows`, which runs a statement and makes a record of each row."""
    return Outcomes(
        rows(_LADDER, Rate),
        rows(_RUNGS, RungDetail),
        rows(_REVERTS, Rate),
        rows(_WAITING, Waiting),
        rows(_TRENDS, Trend),
        rows(_FIXED_SETS, FixedSet),
        rows(_SPREAD, Spread),
        rows(_REVIEWS, Reviews),
    )


# a quarter whose later pull requests are too young for a rung is partial for that rung
_LADDER: Final = """
select
    rung, author_class, quarter,
    is_partial or coalesce(
        trials < 0.95 * max(trials) filter (where rung = 'merged')
            over (partition by author_class, quarter_start),
        false
    ),
    trials, successes, rate, rate_low, rate_high, reason
from marts.success_ladder_quarterly
where scope = $scope and scope_name = coalesce($scope_name, scope_name)
    and agent = 'all' and tier = 'all' and quarter_start >= $shown_from
order by author_class, rung, quarter_start
"""

# a year by agent and by tier
_RUNGS: Final = """
select
    quarter, author_class, agent, tier, rung, trials, successes, rate, rate_low, rate_high, reason
from marts.success_ladder_quarterly
where scope = $scope and scope_name = coalesce($scope_name, scope_name)
    and trials > 0
    and (agent != 'all' or tier != 'all')
    and quarter_start > (
        select max(quarter_start) - interval 15 month
        from marts.success_ladder_quarterly
        where scope = $scope and scope_name = coalesce($scope_name, scope_name)
    )
order by quarter_start, author_class, agent, tier, rung
"""

_REVERTS: Final = """
select
    'reverted', author_class, quarter, is_partial, trials, reverted, revert_rate, revert_rate_low,
    revert_rate_high, reason
from marts.revert_rates_quarterly
where scope = $scope and scope_name = coalesce($scope_name, scope_name)
    and quarter_start >= $shown_from
order by author_class, quarter_start
"""

_WAITING: Final = """
select
    author_class, quarter, is_partial, pull_requests, merged, merged_1_day, merged_7_days,
    merged_30_days, median_days, median_days_low, median_days_high, reason
from marts.time_to_merge_quarterly
where scope = $scope and scope_name = coalesce($scope_name, scope_name)
    and quarter_start >= $shown_from
order by author_class, quarter_start
"""

_TRENDS: Final = """
select
    measure, points, doubling_months, doubling_low, doubling_high, quadratic_p, acceleration_p,
    preferred, acceleration, doubling_reason, acceleration_reason
from marts.trends
where scope = $scope and scope_name = coalesce($scope_name, scope_name)
    and grain = 'quarter' and not with_partial
order by measure
"""

_FIXED_SETS: Final = """
with named as (
    select distinct quarter_start, quarter, is_partial
    from marts.multiples
    where scope = $scope and scope_name = coalesce($scope_name, scope_name)
)

select
    group_kind, quarter, quarter_start, is_partial, members, multiple, multiple_low, multiple_high,
    reason
from marts.fixed_set_multiples
inner join named using (quarter_start)
where scope = $scope and scope_name = coalesce($scope_name, scope_name)
    and quarter_start >= $shown_from
order by group_kind, quarter_start
"""

_SPREAD: Final = """
select
    quarter, is_partial, contributors, top_contributors, top_tenth_share, gini,
    effective_contributors, reason
from marts.concentration_quarterly
where scope = $scope and scope_name = coalesce($scope_name, scope_name)
    and quarter_start >= $shown_from
order by quarter_start
"""

_REVIEWS: Final = """
select
    quarter, is_partial, merged_pull_requests, told_pull_requests, human_reviews_per_pull_request,
    unreviewed_share, no_human_review_share, median_hours_to_review, reason
from marts.review_load_quarterly
where scope = $scope and scope_name = coalesce($scope_name, scope_name)
    and author_class = 'all' and quarter_start >= $shown_from
order by quarter_start
"""
