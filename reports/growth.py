"""Figures on how the multiple grows: its pace, at fixed sets, and over whom the work spreads."""

from __future__ import annotations

from collections.abc import Sequence

from quarterdeck.reports import charts, outcome_charts, wording
from quarterdeck.reports import formats as fmt
from quarterdeck.reports.charts import PANEL
from quarterdeck.reports.facts import Facts, Multiple
from quarterdeck.reports.figures import Figure, Panel, beyond, latest_of, small, stretch
from quarterdeck.reports.outcome_facts import Spread, Trend
from quarterdeck.reports.outcomes import SERIES_NOTE
from quarterdeck.reports.tables import Columns, table

_SETS = {"contributors": "The same contributors", "repositories": "The same repositories"}


def pace_figure(facts: Facts) -> Figure | None:
    """The multiples after the baseline on a logarithmic scale, where a steady pace is a line."""
    quarters = sorted({row.quarter for row in facts.multiples if not row.is_baseline})
    series = [
        (
            trend,
            [
                row
                for row in facts.multiples
                if row.measure == trend.measure and not row.is_baseline and (row.multiple or 0) > 0
            ],
        )
        for trend in facts.outcomes.trends
    ]
    series = [(trend, rows) for trend, rows in series if len(rows) > 1]
    if not series:
        return None
    known = [row.multiple for _, rows in series for row in rows if row.multiple is not None]
    domain = min(known), max(known)
    panels = [_pace_panel(trend, rows, domain, quarters) for trend, rows in series]
    columns: Columns = (
        ("Measure", "text"), ("Quarters", "count"), ("Doubling, months", "ratio"),
        ("Interval low", "ratio"), ("Interval high", "ratio"), ("Quadratic p", "ratio"),
        ("Acceleration p", "ratio"), ("Preferred by AICc", "text"), ("Acceleration", "text"),
        ("Why", "text"),
    )  # fmt: skip
    values = [
        (
            wording.MEASURES.get(t.measure, t.measure), t.points, t.doubling_months, t.low, t.high,
            t.quadratic_p, t.acceleration_p, t.preferred, t.acceleration,
            "; ".join(filter(None, (t.doubling_reason, t.acceleration_reason))) or None,
        )
        for t in facts.outcomes.trends
    ]  # fmt: skip
    code = next((t for t in facts.outcomes.trends if t.measure == "code_lines"), None)
    return Figure(
        "pace",
        _pace_title(code),
        tuple(panels),
        (
            "Multiples of the quarters after the baseline, on one logarithmic scale. Fitted over "
            f"quarters that are over. {SERIES_NOTE}",
        ),
        table("pace", "Log-linear trends after the baseline", columns, values),
        is_grid=True,
    )


def fixed_sets_figure(facts: Facts) -> Figure | None:
    """The multiple at fixed contributors and at fixed repositories."""
    rows = facts.outcomes.fixed_sets
    series = {
        kind: [
            Multiple(
                "code_lines", r.quarter, r.quarter_start, r.is_partial, False, None, None, None,
                None, r.multiple, r.low, r.high, r.members, r.reason, None,
            )
            for r in rows
            if r.kind == kind
        ]
        for kind in _SETS
    }  # fmt: skip
    series = {k: v for k, v in series.items() if any(row.multiple is not None for row in v)}
    if not series:
        return None
    domain = charts.multiple_domain([row for own in series.values() for row in own])
    panels = tuple(
        small(
            f"fixed-{kind}",
            f"Line chart. {_SETS[kind]}, multiple by quarter: {wording.multiples_text(own)}.",
            charts.companion(own, domain, PANEL),
            title=_SETS[kind],
            value=fmt.times(last.multiple),
            note=f"{fmt.count(last.n)} in {last.quarter}",
        )
        for kind, own in series.items()
        for last in [latest_of(own)]
    )
    columns: Columns = (
        ("Set", "text"), ("Quarter", "text"), ("Period", "text"), ("Members (n)", "count"),
        ("Multiple", "ratio"), ("Interval low", "ratio"), ("Interval high", "ratio"),
        ("Why missing", "text"),
    )  # fmt: skip
    values = [
        (
            r.kind, r.quarter, "so far" if r.is_partial else "whole quarter", r.members,
            r.multiple, r.low, r.high, r.reason,
        )
        for r in rows
    ]  # fmt: skip
    return Figure(
        "fixed-sets",
        _fixed_sets_title({kind: latest_of(own) for kind, own in series.items()}),
        panels,
        (
            "Code lines of those alone that were there in the baseline and in the quarter. "
            f"Dashed: baseline. {SERIES_NOTE}"
            f"{beyond([row for own in series.values() for row in own], domain)}",
        ),
        table("fixed_sets", "Shipped-code multiple at fixed sets", columns, values),
        is_grid=True,
    )


def spread_figure(facts: Facts) -> Figure | None:
    """Over how many contributors the code spreads."""
    rows = [row for row in facts.outcomes.spread if row.top_tenth_share is not None]
    if not rows:
        return None
    last = next((row for row in reversed(rows) if not row.is_partial), rows[-1])
    columns: Columns = (
        ("Quarter", "text"), ("Contributors (n)", "count"), ("A tenth of them", "count"),
        ("Their share", "share"), ("Gini", "ratio"), ("Effective contributors", "ratio"),
        ("Why missing", "text"),
    )  # fmt: skip
    values = [
        (
            r.quarter, r.contributors, r.top_contributors, r.top_tenth_share, r.gini, r.effective,
            r.reason,
        )
        for r in facts.outcomes.spread
    ]  # fmt: skip
    return Figure(
        "spread",
        f"In {last.quarter}, {fmt.count(last.top_contributors)} of "
        f"{fmt.plural(last.contributors or 0, 'contributor')} landed "
        f"{fmt.percent(last.top_tenth_share)} of all contributors' code lines",
        (_spread_panel(rows, last, stretch(facts, (row.quarter for row in rows))),),
        (
            "The tenth with the most lines, rounded up: how much rests on few. Nobody is named. "
            "Open circle: quarter not finished.",
        ),
        table("concentration", "Concentration of code lines", columns, values),
        is_grid=True,
    )


def _fixed_sets_title(latest: dict[str, Multiple]) -> str:
    """Title of the fixed sets: each one's multiple in its latest quarter."""
    parts = [
        f"{_SETS[kind].lower()} in {row.quarter} at {fmt.times(row.multiple)}"
        for kind, row in latest.items()
    ]
    return f"Against their own baseline: {fmt.listed(parts)}"


def _pace_panel(
    trend: Trend, rows: Sequence[Multiple], domain: tuple[float, float], quarters: Sequence[str]
) -> Panel:
    name = wording.MEASURES.get(trend.measure, trend.measure)
    doubling = trend.doubling_months
    return small(
        f"pace-{trend.measure}",
        f"Line chart on a logarithmic scale. {name}, multiple by quarter after the baseline: "
        f"{wording.multiples_text(rows)}.",
        outcome_charts.pace(rows, domain, PANEL, quarters),
        title=name,
        value="" if doubling is None else f"×2 in {fmt.number(doubling)} mo.",
        note=trend.doubling_reason if doubling is None else _doubling_range(trend),
    )


def _doubling_range(trend: Trend) -> str:
    if trend.low is None:
        return trend.doubling_reason or ""
    span = f"95% interval {fmt.number(trend.low)} to {fmt.number(trend.high)} months"
    if trend.high is None:
        span = f"95% interval from {fmt.number(trend.low)} months, without upper bound"
    return f"{span}, {trend.points} quarters"


def _pace_title(trend: Trend | None) -> str | None:
    if trend is None:
        return None
    told = f"acceleration: {trend.acceleration}" if trend.acceleration else ""
    if trend.doubling_months is None:
        reason = trend.doubling_reason
        return f"No doubling time can be stated: {reason}" if reason else None
    months = f"every {fmt.number(trend.doubling_months)} months"
    if trend.low is None or trend.high is None:
        return (
            f"Whether code lines per contributor grow is not established: the trend doubles them "
            f"{months}, and its interval has no upper bound"
        )
    return f"Code lines per contributor doubled {months}" + (f"; {told}" if told else "")


def _spread_panel(rows: Sequence[Spread], last: Spread, quarters: Sequence[str]) -> Panel:
    text = "; ".join(f"{row.quarter} {fmt.percent(row.top_tenth_share)}" for row in rows)
    return small(
        "spread",
        f"Line chart. Share of code lines by the tenth with the most, by quarter: {text}.",
        outcome_charts.spread(rows, PANEL, quarters),
        title="Share of the top tenth",
        value=fmt.percent(last.top_tenth_share),
        note=f"as if {fmt.number(last.effective)} with equal lines each",
    )
