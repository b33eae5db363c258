"""Small charts of rates, waiting times, pace and concentration, one function each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair as alt

from quarterdeck.reports import formats as fmt
from quarterdeck.reports.charts import PERCENT, TIMES
from quarterdeck.reports.facts import Multiple
from quarterdeck.reports.marks import Specification, line_panel, log_ticks, share_axis, value_axis
from quarterdeck.reports.outcome_facts import Rate, Reviews, Spread, Waiting


def rate_of(rows: Sequence[Rate], top: float, width: int, quarters: Sequence[str]) -> Specification:
    """A rate (0 to 1) by quarter with its interval, on axes from 0 to `top` and of `quarters`."""
    points = [
        {
            **_point(row.quarter, row.is_partial, row.rate, row.low, row.high),
            "Of": f"{fmt.count(row.successes)} of {fmt.count(row.trials)}",
            "Rate": "" if row.rate is None else f"{100 * row.rate:.1f}%",
            "95% interval": fmt.percent_interval(row.low, row.high),
        }
        for row in rows
    ]
    scale = alt.Scale(domain=[0, top], nice=top < 1, clamp=True)
    axis = share_axis(top)
    tips = ("Quarter", "Of", "Rate", "95% interval")
    return line_panel(points, scale, axis, tips, None, width, quarters)


def waiting(rows: Sequence[Waiting], width: int, quarters: Sequence[str]) -> Specification:
    """Share merged within 7 days of opening (0 to 1), by quarter, on an axis of `quarters`."""
    points = [
        {
            **_point(row.quarter, row.is_partial, row.merged_7_days, None, None),
            "Within 1 day": fmt.percent(row.merged_1_day),
            "Within 7 days": fmt.percent(row.merged_7_days),
            "Within 30 days": fmt.percent(row.merged_30_days),
        }
        for row in rows
    ]
    tips = ("Quarter", "Within 1 day", "Within 7 days", "Within 30 days")
    scale = alt.Scale(domain=[0, 1], nice=False)
    axis = value_axis(PERCENT, values=[0, 0.5, 1])
    return line_panel(points, scale, axis, tips, None, width, quarters)


def pace(
    rows: Sequence[Multiple], domain: tuple[float, float], width: int, quarters: Sequence[str]
) -> Specification:
    """Multiples above 0 by quarter with their interval, logarithmic, on an axis of `quarters`.

    `domain` is the least and the largest multiple that there is to be room for.
    """
    points = [
        {
            **_point(row.quarter, row.is_partial, row.multiple, row.low or None, row.high),
            "Multiple": fmt.times(row.multiple),
            "95% interval": fmt.times_interval(row.low, row.high),
        }
        for row in rows
    ]
    low, high = domain[0] / 1.5, domain[1] * 1.5
    scale = alt.Scale(type="log", domain=[low, high], nice=False, clamp=True)
    axis = value_axis(TIMES, values=log_ticks(low, high))
    tips = ("Quarter", "Multiple", "95% interval")
    return line_panel(points, scale, axis, tips, None, width, quarters)


def spread(rows: Sequence[Spread], width: int, quarters: Sequence[str]) -> Specification:
    """Share of code lines by the tenth of contributors with the most (0 to 1), by quarter."""
    points = [
        {
            **_point(row.quarter, row.is_partial, row.top_tenth_share, None, None),
            "Contributors": fmt.count(row.contributors),
            "Share": fmt.percent(row.top_tenth_share),
        }
        for row in rows
    ]
    scale = alt.Scale(domain=[0, 1], nice=False)
    axis = value_axis(PERCENT, values=[0, 0.5, 1])
    return line_panel(
        points, scale, axis, ("Quarter", "Contributors", "Share"), None, width, quarters
    )


def unreviewed(rows: Sequence[Reviews], width: int, quarters: Sequence[str]) -> Specification:
    """Share of merged pull requests without a review by a person (0 to 1), by quarter."""
    points = [
        {
            **_point(row.quarter, row.is_partial, row.no_human_share, None, None),
            "Of known reviews": fmt.count(row.told),
            "No review by a person": fmt.percent(row.no_human_share),
            "No review": fmt.percent(row.unreviewed_share),
        }
        for row in rows
    ]
    tips = ("Quarter", "Of known reviews", "No review by a person", "No review")
    scale = alt.Scale(domain=[0, 1], nice=False)
    axis = value_axis(PERCENT, values=[0, 0.5, 1])
    return line_panel(points, scale, axis, tips, None, width, quarters)


def _point(
    quarter: str, is_partial: bool, value: float | None, low: float | None, high: float | None
) -> dict[str, Any]:
    return {
        "quarter": quarter,
        "value": value,
        "low": low,
        "high": high,
        "partial": is_partial,
        "Quarter": quarter + (", so far" if is_partial else ""),
    }
