"""From marts to the functions of `estimates`, and back as frames.

What is computed stands in `estimates`; this only turns rows into arrays and arrays into rows.
"""

from itertools import chain
from typing import NamedTuple

import duckdb
import numpy as np
import polars as pl

from quarterdeck.estimates.capture_recapture import MIN_IN_BOTH, chapman
from quarterdeck.estimates.multiples import (
    ActivityIntervals,
    CapRule,
    LandedChanges,
    MeasuredQuarters,
    quarterly_multiples,
)
from quarterdeck.estimates.proportions import wilson
from quarterdeck.flows import companions
from quarterdeck.flows.arrays import numbered, side_by_side
from quarterdeck.flows.merge_times import time_to_merge
from quarterdeck.flows.success import ladder_intervals, revert_intervals
from quarterdeck.flows.survival import survival_curves
from quarterdeck.sql.runner import Computed, Given

#: Resamples of the cluster bootstrap, and its seed: equal data give equal intervals.
REPLICATES = 1_000
SEED = 20_260_601
#: The measures whose changes are capped.
CAPPED_MEASURES = frozenset({"code_lines", "lines_alive_30_days", "lines_alive_90_days"})

_INTERVALS_SCHEMA = pl.Schema(
    {
        "scope": pl.String(),
        "scope_name": pl.String(),
        "measure": pl.String(),
        "quarter_start": pl.Date(),
        "bar": pl.Float64(),
        "multiple": pl.Float64(),
        "multiple_low": pl.Float64(),
        "multiple_high": pl.Float64(),
        "multiple_low_log_t": pl.Float64(),
        "multiple_high_log_t": pl.Float64(),
        "interval_contributors": pl.Int64(),
        "reason": pl.String(),
    }
)
_WILSON_SCHEMA = pl.Schema(
    {
        "merged": pl.Int64(),
        "mature_pull_requests": pl.Int64(),
        "rate_low": pl.Float64(),
        "rate_high": pl.Float64(),
    }
)
_CAPTURES_SCHEMA = pl.Schema(
    {
        "declared": pl.Int64(),
        "attested": pl.Int64(),
        "in_both": pl.Int64(),
        "min_in_both": pl.Int64(),
        "estimate": pl.Float64(),
        "low": pl.Float64(),
        "high": pl.Float64(),
    }
)
_DAY = "cast(date_diff('day', date '1970-01-01', {}) as bigint)"


def estimated_frames() -> dict[str, Given]:
    """The frames that the SQL reads as `given_<name>` after the estimates."""
    functions = {
        "multiple_intervals": multiple_intervals,
        "fixed_set_multiples": _over_fixed_sets,
        "trends": lambda connection: companions.trends(connection, SEED),
        "survival_curves": survival_curves,
        "wilson": wilson_intervals,
        "forge_wilson": forge_wilson_intervals,
        "capture_recapture": capture_recapture,
        "ladder_intervals": ladder_intervals,
        "revert_intervals": revert_intervals,
        "time_to_merge": time_to_merge,
    }
    return {name: Computed(function) for name, function in functions.items()}


def multiple_intervals(connection: duckdb.DuckDBPyConnection) -> pl.DataFrame:
    """Point and intervals of every multiple; one row per scope, measure and quarter."""
    quarters = connection.sql(f"""
        select scope, scope_name, measure, quarter_start,
            quarters.is_baseline and bars.bar is not null as is_baseline,
            {_DAY.format("first_day")} as first_day, {_DAY.format("last_day")} as last_day,
            measured.reason
        from marts.quarters
        join marts.bars using (scope, scope_name, quarter_start)
        join marts.measured_quarters as measured using (scope, scope_name, quarter_start, measure)
        order by scope, scope_name, measure, quarter_start
    """).pl()
    units = connection.sql(f"""
        select scope, scope_name, measure, contributor_id, units,
            {_DAY.format("landed_day")} as day
        from marts.change_units
    """).pl()
    activity = connection.sql(f"""
        select scope, scope_name, contributor_id,
            {_DAY.format("active_from")} as first_day, {_DAY.format("active_to")} as last_day
        from marts.contributor_activity
    """).pl()
    choices = read_choices(connection)
    by_scope = units.partition_by("scope", "scope_name", "measure", as_dict=True)
    spans = activity.partition_by("scope", "scope_name", as_dict=True)
    by_measure = quarters.partition_by("scope", "scope_name", "measure", as_dict=True)

    def of_measure(key: tuple[object, ...]) -> list[pl.DataFrame]:
        *scope, measure = key
        own = by_measure[key]
        not_measured = _not_measured(own.filter(pl.col("reason").is_not_null()))
        measured = own.filter(pl.col("reason").is_null())
        if measured.is_empty():
            return [not_measured]
        people = spans.get(tuple(scope), activity.clear())
        changes = by_scope.get(key, units.clear())
        return [_intervals(str(measure), measured, changes, people, choices), not_measured]

    found = chain.from_iterable(side_by_side(of_measure, by_measure))
    return pl.concat([_INTERVALS_SCHEMA.to_frame(), *found])


def _over_fixed_sets(connection: duckdb.DuckDBPyConnection) -> pl.DataFrame:
    rule, min_quarters = read_choices(connection)
    return companions.fixed_set_multiples(connection, rule, min_quarters, seed=SEED)


def _not_measured(quarters: pl.DataFrame) -> pl.DataFrame:
    known = quarters.select("scope", "scope_name", "measure", "quarter_start", "reason")
    missing = [name for name in _INTERVALS_SCHEMA if name not in known.columns]
    frame: pl.DataFrame = known.with_columns(pl.lit(None).alias(name) for name in missing)
    return frame.select(_INTERVALS_SCHEMA.names()).cast(_INTERVALS_SCHEMA)


class Choices(NamedTuple):
    """What the settings choose: the rule of the cap, and the quarters that a baseline needs."""

    rule: CapRule
    baseline_min_quarters: int


def read_choices(connection: duckdb.DuckDBPyConnection) -> Choices:
    """The choices in force, from the database itself."""
    quantile, min_pool, pool_days, quarters = connection.sql("""
        select cap_quantile, cap_min_pool, cap_pool_days, baseline_min_quarters from raw.settings
    """).fetchall()[0]
    return Choices(CapRule(quantile, min_pool, pool_days), quarters)


def _intervals(
    measure: str,
    quarters: pl.DataFrame,
    changes: pl.DataFrame,
    activity: pl.DataFrame,
    choices: Choices,
) -> pl.DataFrame:
    active, author = numbered(activity["contributor_id"], changes["contributor_id"])
    day = changes["day"].to_numpy()
    first, last = quarters["first_day"].to_numpy(), quarters["last_day"].to_numpy()
    quarter = np.searchsorted(first, day, side="right") - 1
    inside = (quarter >= 0) & (day <= last[quarter])
    estimate = quarterly_multiples(
        LandedChanges(
            day,
            np.where(inside, quarter, -1),
            author,
            changes["units"].to_numpy(),
        ),
        ActivityIntervals(
            active,
            activity["first_day"].to_numpy(),
            activity["last_day"].to_numpy(),
        ),
        MeasuredQuarters(first, last, _usable_baseline(quarters, choices.baseline_min_quarters)),
        rule=choices.rule if measure in CAPPED_MEASURES else CapRule(None),
        replicates=REPLICATES,
        seed=SEED,
    )
    frame: pl.DataFrame = quarters.select(
        "scope",
        "scope_name",
        pl.lit(measure).alias("measure"),
        "quarter_start",
        pl.Series("bar", estimate.bar),
        pl.Series("multiple", estimate.multiple),
        pl.Series("multiple_low", estimate.low),
        pl.Series("multiple_high", estimate.high),
        pl.Series("multiple_low_log_t", estimate.low_log_t),
        pl.Series("multiple_high_log_t", estimate.high_log_t),
        pl.Series("interval_contributors", estimate.contributors),
        pl.Series("reason", estimate.reason, dtype=pl.String()),
    ).fill_nan(None)
    return frame


def _usable_baseline(
    quarters: pl.DataFrame, min_quarters: int
) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """The baseline quarters, or none where they are too few to be one."""
    baseline = quarters["is_baseline"].to_numpy()
    return baseline if baseline.sum() >= min_quarters else np.zeros_like(baseline)


def wilson_intervals(connection: duckdb.DuckDBPyConnection) -> pl.DataFrame:
    """Wilson intervals of the merge rates; one row per numerator and denominator that occur."""
    counts: pl.DataFrame = connection.sql("""
        select distinct merged, mature_pull_requests
        from marts.merge_counts
        order by all
    """).pl()
    interval = wilson(counts["merged"].to_numpy(), counts["mature_pull_requests"].to_numpy())
    frame = counts.with_columns(
        rate_low=pl.Series(interval.low), rate_high=pl.Series(interval.high)
    )
    return frame.cast(_WILSON_SCHEMA).fill_nan(None)


def forge_wilson_intervals(connection: duckdb.DuckDBPyConnection) -> pl.DataFrame:
    """Wilson intervals of merged over all and over closed; one row per pair that occurs."""
    counts: pl.DataFrame = connection.sql("""
        select distinct merged, unnest([pull_requests, closed]) as trials
        from marts.forge_counts
        order by all
    """).pl()
    interval = wilson(counts["merged"].to_numpy(), counts["trials"].to_numpy())
    frame = counts.with_columns(
        rate_low=pl.Series(interval.low, dtype=pl.Float64),
        rate_high=pl.Series(interval.high, dtype=pl.Float64),
    )
    return frame.fill_nan(None)


def capture_recapture(connection: duckdb.DuckDBPyConnection) -> pl.DataFrame:
    """Estimated commits of models; one row per combination of counts that occurs."""
    counts: pl.DataFrame = connection.sql("""
        select distinct declared, attested, in_both
        from marts.model_captures
        order by all
    """).pl()
    found = chapman(
        counts["declared"].to_numpy(), counts["attested"].to_numpy(), counts["in_both"].to_numpy()
    )
    frame = counts.with_columns(
        min_in_both=pl.lit(MIN_IN_BOTH),
        estimate=pl.Series(found.estimate),
        low=pl.Series(found.low),
        high=pl.Series(found.high),
    )
    return frame.cast(_CAPTURES_SCHEMA).fill_nan(None)
