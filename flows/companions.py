"""Companions of the multiple: fixed sets and trends, from marts to `estimates` and back."""

from collections.abc import Iterator
from itertools import chain
from typing import Any

import duckdb
import numpy as np
import polars as pl

from quarterdeck.estimates.bars import (
    ActivityIntervals,
    CapRule,
    LandedChanges,
    MeasuredQuarters,
)
from quarterdeck.estimates.fixed_sets import fixed_set_multiples as over_fixed_sets
from quarterdeck.estimates.trend import fit_trend
from quarterdeck.flows.arrays import numbered, side_by_side

#: Simulated series of the test for acceleration.
TREND_REPLICATES = 500
#: Resamples of each fixed set: every quarter has its own.
SET_REPLICATES = 400
_EPOCH = "cast(date_diff('day', date '1970-01-01', {}) as bigint)"
_SETS_SCHEMA = pl.Schema(
    {
        "scope": pl.String(),
        "scope_name": pl.String(),
        "group_kind": pl.String(),
        "quarter_start": pl.Date(),
        "members": pl.Int64(),
        "contributors": pl.Int64(),
        "bar": pl.Float64(),
        "baseline_bar": pl.Float64(),
        "multiple": pl.Float64(),
        "multiple_low": pl.Float64(),
        "multiple_high": pl.Float64(),
        "reason": pl.String(),
    }
)
_TRENDS_SCHEMA = pl.Schema(
    {
        "scope": pl.String(),
        "scope_name": pl.String(),
        "measure": pl.String(),
        "grain": pl.String(),
        "with_partial": pl.Boolean(),
        "first_period": pl.Date(),
        "last_period": pl.Date(),
        "points": pl.Int64(),
        "growth_per_month": pl.Float64(),
        "growth_low": pl.Float64(),
        "growth_high": pl.Float64(),
        "doubling_months": pl.Float64(),
        "doubling_low": pl.Float64(),
        "doubling_high": pl.Float64(),
        "aicc_linear": pl.Float64(),
        "aicc_quadratic": pl.Float64(),
        "aicc_hinge": pl.Float64(),
        "quadratic_p": pl.Float64(),
        "acceleration_p": pl.Float64(),
        "preferred": pl.String(),
        "verdict": pl.String(),
        "reason": pl.String(),
    }
)


def fixed_set_multiples(
    connection: duckdb.DuckDBPyConnection,
    rule: CapRule,
    min_quarters: int,
    *,
    seed: int,
) -> pl.DataFrame:
    """Multiples over fixed contributors and repositories; one row per scope, kind and quarter."""
    quarters: pl.DataFrame = connection.sql(f"""
        select scope, scope_name, quarter_start, is_baseline and bar is not null as is_baseline,
            {_EPOCH.format("first_day")} as first_day, {_EPOCH.format("last_day")} as last_day
        from marts.quarters
        join marts.bars using (scope, scope_name, quarter_start)
        where measure = 'code_lines'
        order by scope, scope_name, quarter_start
    """).pl()
    changes: pl.DataFrame = connection.sql(f"""
        select scope, scope_name, repository_id, contributor_id, units,
            {_EPOCH.format("landed_day")} as day
        from marts.change_units
        where measure = 'code_lines'
    """).pl()
    spans: pl.DataFrame = connection.sql(f"""
        select scope, scope_name, contributor_id,
            {_EPOCH.format("active_from")} as first_day, {_EPOCH.format("active_to")} as last_day
        from marts.contributor_activity
    """).pl()
    by_scope = quarters.partition_by("scope", "scope_name", as_dict=True)

    def over_set(key: tuple[object, object, str]) -> pl.DataFrame:
        scope, name, kind = key
        is_scope = (pl.col("scope") == scope) & (pl.col("scope_name") == name)
        landed = changes.filter(is_scope)
        if kind == "contributors":
            change_member, activity = landed["contributor_id"], spans.filter(is_scope)
            activity_member = activity["contributor_id"]
        else:
            change_member, activity = landed["repository_id"], spans.filter(scope="repository")
            activity_member = activity["scope_name"]
        own = by_scope[scope, name]
        found = _over_sets(
            own, landed, change_member, activity, activity_member, rule, min_quarters, seed=seed
        )
        frame: pl.DataFrame = own.select("scope", "scope_name", "quarter_start").with_columns(
            found, group_kind=pl.lit(kind)
        )
        return frame.select(_SETS_SCHEMA.names()).cast(_SETS_SCHEMA)

    sets = [
        (scope, name, kind)
        for scope, name in by_scope
        for kind in ("contributors", "repositories")
        if kind == "contributors" or scope == "organisation"
    ]
    return pl.concat([_SETS_SCHEMA.to_frame(), *side_by_side(over_set, sets)])


def _over_sets(
    quarters: pl.DataFrame,
    changes: pl.DataFrame,
    change_member: pl.Series,
    activity: pl.DataFrame,
    activity_member: pl.Series,
    rule: CapRule,
    min_quarters: int,
    *,
    seed: int,
) -> list[pl.Series]:
    """Columns of the multiples of one scope over one kind of set, in the order of the quarters."""
    first, last = quarters["first_day"].to_numpy(), quarters["last_day"].to_numpy()
    day = changes["day"].to_numpy()
    quarter = np.searchsorted(first, day, side="right") - 1
    quarter = np.where((quarter >= 0) & (day <= last[quarter]), quarter, -1)
    cluster = numbered(activity["contributor_id"], changes["contributor_id"])
    member = numbered(activity_member, change_member)
    size = 1 + max((int(numbers.max(initial=-1)) for numbers in member), default=-1)
    present = np.zeros((size, first.size), dtype=np.bool_)
    begin, end = activity["first_day"].to_numpy(), activity["last_day"].to_numpy()
    if change_member.name == "contributor_id":
        row, column = np.nonzero((begin[:, None] <= last) & (end[:, None] >= first))
        present[member[0][row], column] = True
    else:
        landed = (member[1] >= 0) & (quarter >= 0)
        present[member[1][landed], quarter[landed]] = True
    baseline = quarters["is_baseline"].to_numpy()
    found = over_fixed_sets(
        LandedChanges(day, quarter, cluster[1], changes["units"].to_numpy()),
        member[1],
        ActivityIntervals(cluster[0], begin, end),
        member[0],
        MeasuredQuarters(
            first, last, baseline if baseline.sum() >= min_quarters else np.zeros_like(baseline)
        ),
        present,
        rule=rule,
        replicates=SET_REPLICATES,
        seed=seed,
    )
    values: dict[str, list[Any]] = {
        "members": [one.members for one in found],
        "contributors": [one.contributors for one in found],
        "bar": [one.bar for one in found],
        "baseline_bar": [one.baseline_bar for one in found],
        "multiple": [one.multiple for one in found],
        "multiple_low": [one.low for one in found],
        "multiple_high": [one.high for one in found],
        "reason": [one.reason for one in found],
    }
    return [
        pl.Series(name, column, dtype=_SETS_SCHEMA[name]).fill_nan(None)
        if _SETS_SCHEMA[name] == pl.Float64
        else pl.Series(name, column, dtype=_SETS_SCHEMA[name])
        for name, column in values.items()
    ]


def trends(connection: duckdb.DuckDBPyConnection, seed: int) -> pl.DataFrame:
    """Trend of every series of multiples; one row per scope, measure, grain and span."""
    series: pl.DataFrame = connection.sql("""
        select scope, scope_name, measure, grain, period_start, month_index, is_partial, multiple
        from marts.trend_points
        order by scope, scope_name, measure, grain, period_start
    """).pl()
    keys = ("scope", "scope_name", "measure", "grain")
    by_series = series.partition_by(*keys, as_dict=True)
    fitted = side_by_side(lambda key: list(_fitted(key, by_series[key], seed)), by_series)
    rows = list(chain.from_iterable(fitted))
    return pl.DataFrame(rows, schema=_TRENDS_SCHEMA, orient="row").fill_nan(None)


def _fitted(
    key: tuple[object, ...], points: pl.DataFrame, seed: int
) -> Iterator[tuple[object, ...]]:
    """Rows of one series: without its partial period, and with it."""
    for with_partial in (False, True):
        own = points if with_partial else points.filter(~pl.col("is_partial"))
        multiples = own["multiple"].cast(pl.Float64).fill_null(np.nan).to_numpy()
        fit = fit_trend(
            own["month_index"].to_numpy(), multiples, replicates=TREND_REPLICATES, seed=seed
        )
        used = own.filter(pl.col("multiple").is_not_null())["period_start"]
        yield (
            *key, with_partial, used.min(), used.max(), fit.points, fit.slope, fit.slope_low,
            fit.slope_high, fit.doubling_months, fit.doubling_low, fit.doubling_high,
            fit.aicc_linear, fit.aicc_quadratic, fit.aicc_hinge, fit.quadratic_p,
            fit.acceleration_p, fit.preferred, fit.verdict, fit.reason,
        )  # fmt: skip
