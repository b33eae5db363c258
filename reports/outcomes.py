"""Figures on what became of pull requests and changes, on pace, and on how the work spreads."""

from __future__ import annotations

from collections.abc import Sequence

from quarterdeck.reports import charts, outcome_charts, wording
from quarterdeck.reports import formats as fmt
from quarterdeck.reports.charts import PANEL
from quarterdeck.reports.facts import Facts, Multiple
from quarterdeck.reports.figures import Figure, Panel, small
from quarterdeck.reports.outcome_facts import Rate, Reviews, Spread, Trend, Waiting
from quarterdeck.reports.tables import Columns, Table, table

#: The rungs above `merged`, which has a figure of its own.
RUNGS = {"not reverted": "Not reverted", "alive": "Half alive at 90 days"}
SIDES = ("all", "model", "human", "undeclared")
_CLASSES = {**wording.AUTHOR_CLASSES, "all": "All"}
_SETS = {"contributors": "The same contributors", "repositories": "The same repositories"}
_SERIES_NOTE = "Shaded: 95% interval. Open circle: quarter not finished."


def ladder_figure(facts: Facts) -> Figure | None:
    """How far pull requests came, rung by rung, for all and for models."""
    rows = facts.outcomes.ladder
    if not any(row.rate is not None for row in rows):
        return None
    panels = tuple(
        _rate_panel(f"ladder-{name}-{index}", series, f"{_CLASSES[name]}: {label.lower()}", 1.0)
        for name in ("all", "model")
        for index, (rung, label) in enumerate(RUNGS.items())
        if (series := _known(rows, rung, name))
    )
    columns: Columns = (
        ("Quarter", "text"), ("Author class", "text"), ("Agent", "text"), ("Tier", "text"),
        ("Rung", "text"), ("Old enough (n)", "count"), ("Came so far", "count"), ("Rate", "share"),
        ("Interval low", "share"), ("Interval high", "share"), ("Why missing", "text"),
    )  # fmt: skip
    values = [
        (
            r.quarter, r.author_class, r.agent, r.tier, r.rung, r.trials, r.successes, r.rate,
            r.low, r.high, r.reason,
        )
        for r in facts.outcomes.rungs
    ]  # fmt: skip
    return Figure(
        "ladder",
        _ladder_title(_known(rows, "alive", "all")),
        panels,
        (
            "Of all pull requests opened in the quarter and old enough: merged within 30 days; "
            "that, and not reverted within 30 more; that, and half of their code lines alive 90 "
            f"days after landing. {_SERIES_NOTE}",
        ),
        table("ladder_by_agent_and_tier", "The last year, by agent and by tier", columns, values),
        is_grid=True,
    )


def revert_figure(facts: Facts) -> Figure | None:
    """Share of landed changes that were reverted within 30 days, by author class."""
    rows = facts.outcomes.reverts
    known = [row for row in rows if row.rate is not None]
    if not known:
        return None
    top = max(row.rate or 0 for row in known) * 1.25 or 0.01
    panels = tuple(
        _rate_panel(f"reverted-{name}", series, _CLASSES[name], min(top, 1.0))
        for name in SIDES
        if (series := _known(rows, "reverted", name))
    )
    last = _whole(_known(rows, "reverted", "all"))
    title = None
    if last is not None:
        title = (
            f"{_small_percent(last.rate)} of changes landed in {last.quarter} were reverted "
            "within 30 days"
        )
    return Figure(
        "reverts",
        title,
        panels,
        (f"Whole reverts that a message names. {_SERIES_NOTE}",),
        _rates_table("reverts_by_quarter", "Landed changes reverted within 30 days", rows),
        is_grid=True,
    )


def waiting_figure(facts: Facts) -> Figure | None:
    """Share of pull requests merged within a week of opening, by author class."""
    rows = [row for row in facts.outcomes.waiting if row.merged_7_days is not None]
    if not rows:
        return None
    panels = []
    for name in SIDES:
        own = [row for row in rows if row.author_class == name]
        if own:
            last = next((row for row in reversed(own) if not row.is_partial), own[-1])
            panels.append(
                small(
                    f"waiting-{name}",
                    f"Line chart. {_CLASSES[name]}, share merged within 7 days of opening: "
                    + "; ".join(f"{r.quarter} {fmt.percent(r.merged_7_days)}" for r in own),
                    outcome_charts.waiting(own, PANEL),
                    title=_CLASSES[name],
                    value=fmt.percent(last.merged_7_days),
                    note=f"{fmt.count(last.pull_requests)} opened in {last.quarter}",
                )
            )
    columns: Columns = (
        ("Author class", "text"), ("Quarter", "text"), ("Opened (n)", "count"),
        ("Merged", "count"), ("Within 1 day", "share"), ("Within 7 days", "share"),
        ("Within 30 days", "share"), ("Median, days", "ratio"), ("Interval low", "ratio"),
        ("Interval high", "ratio"), ("Why missing", "text"),
    )  # fmt: skip
    values = [
        (
            r.author_class, r.quarter, r.pull_requests, r.merged, r.merged_1_day, r.merged_7_days,
            r.merged_30_days, r.median_days, r.low, r.high, r.reason,
        )
        for r in facts.outcomes.waiting
    ]  # fmt: skip
    return Figure(
        "waiting",
        _waiting_title([row for row in facts.outcomes.waiting if row.author_class == "all"]),
        tuple(panels),
        (
            "Merged within 7 days of opening, of all that were opened (Kaplan-Meier; those that "
            "were never merged stay in). Open circle: quarter not finished.",
        ),
        table("time_to_merge", "Time from opening to merge", columns, values),
        is_grid=True,
    )


def pace_figure(facts: Facts) -> Figure | None:
    """The multiples after the baseline on a logarithmic scale, where a steady pace is a line."""
    panels = []
    for trend in facts.outcomes.trends:
        rows = [
            row
            for row in facts.multiples
            if row.measure == trend.measure and not row.is_baseline and (row.multiple or 0) > 0
        ]
        if len(rows) > 1:
            panels.append(_pace_panel(trend, rows))
    if not panels:
        return None
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
            "Multiples of the quarters after the baseline, on a logarithmic scale. Fitted over "
            f"quarters that are over. {_SERIES_NOTE}",
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
                "code_lines", r.quarter, False, False, None, None, None, None, r.multiple,
                r.low, r.high, r.members, r.reason, None,
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
        for last in [next(row for row in reversed(own) if row.multiple is not None)]
    )
    columns: Columns = (
        ("Set", "text"), ("Quarter", "text"), ("Members (n)", "count"), ("Multiple", "ratio"),
        ("Interval low", "ratio"), ("Interval high", "ratio"), ("Why missing", "text"),
    )  # fmt: skip
    values = [(r.kind, r.quarter, r.members, r.multiple, r.low, r.high, r.reason) for r in rows]
    return Figure(
        "fixed-sets",
        "The same multiple over those alone that were there in the baseline and in the quarter",
        panels,
        ("Code lines. Shaded: 95% interval. Dashed: baseline.",),
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
        f"In {last.quarter}, a tenth of {fmt.plural(last.contributors or 0, 'contributor')} landed "
        f"{fmt.percent(last.top_tenth_share)} of the code lines",
        (_spread_panel(rows, last),),
        ("How much rests on few; nobody is named. Open circle: quarter not finished.",),
        table("concentration", "Concentration of code lines", columns, values),
        is_grid=True,
    )


def reviews_figure(facts: Facts) -> Figure | None:
    """How merged pull requests were reviewed; None where no source tells."""
    rows = facts.outcomes.reviews
    known = [row for row in rows if row.told]
    if not known:
        return None
    last = next((row for row in reversed(known) if not row.is_partial), known[-1])
    columns: Columns = (
        ("Quarter", "text"), ("Merged", "count"), ("Of known reviews (n)", "count"),
        ("Reviews by people, each", "ratio"), ("Without any", "share"),
        ("Without one by a person", "share"), ("Hours to the first, median", "ratio"),
        ("Why missing", "text"),
    )  # fmt: skip
    values = [
        (
            r.quarter, r.merged, r.told, r.per_pull_request, r.unreviewed_share, r.no_human_share,
            r.median_hours, r.reason,
        )
        for r in rows
    ]  # fmt: skip
    return Figure(
        "reviews",
        f"{fmt.percent(last.no_human_share)} of pull requests merged in {last.quarter} had no "
        "review by a person",
        (_reviews_panel(known, last),),
        ("Of the pull requests whose reviews are known. Open circle: quarter not finished.",),
        table("review_load", "Reviews of merged pull requests", columns, values),
        is_grid=True,
    )


def _known(rows: Sequence[Rate], series: str, author_class: str) -> list[Rate]:
    own = [row for row in rows if (row.series, row.author_class) == (series, author_class)]
    return own if any(row.rate is not None for row in own) else []


def _whole(rows: Sequence[Rate]) -> Rate | None:
    known = [row for row in rows if row.rate is not None]
    return next((row for row in reversed(known) if not row.is_partial), None)


def _rate_panel(key: str, rows: Sequence[Rate], title: str, top: float) -> Panel:
    last = _whole(rows) or next(row for row in reversed(rows) if row.rate is not None)
    text = "; ".join(
        f"{row.quarter} {_small_percent(row.rate)} ({fmt.count(row.successes)} of "
        f"{fmt.count(row.trials)})"
        for row in rows
        if row.rate is not None
    )
    return small(
        key,
        f"Line chart. {title}, by quarter: {text}.",
        outcome_charts.rate_of(rows, top, PANEL),
        title=title,
        value=_small_percent(last.rate),
        note=f"{fmt.count(last.successes)} of {fmt.count(last.trials)} in {last.quarter}",
    )


def _small_percent(rate: float | None) -> str:
    if rate is not None and 0 < rate < 0.0995:
        return f"{100 * rate:.1f}%"
    return fmt.percent(rate)


def _rates_table(name: str, caption: str, rows: Sequence[Rate]) -> Table:
    columns: Columns = (
        ("Author class", "text"), ("Quarter", "text"), ("Old enough (n)", "count"),
        ("Reverted", "count"), ("Rate", "share"), ("Interval low", "share"),
        ("Interval high", "share"), ("Why missing", "text"),
    )  # fmt: skip
    values = [
        (r.author_class, r.quarter, r.trials, r.successes, r.rate, r.low, r.high, r.reason)
        for r in rows
    ]
    return table(name, caption, columns, values)


def _ladder_title(rows: Sequence[Rate]) -> str | None:
    last = _whole(rows)
    if last is None:
        return None
    return (
        f"{fmt.percent(last.rate)} of pull requests opened in {last.quarter} were merged, stayed, "
        "and had half of their code alive after 90 days"
    )


def _waiting_title(rows: Sequence[Waiting]) -> str | None:
    known = [row for row in rows if row.median_days is not None and not row.is_partial]
    if not known:
        return None
    row = known[-1]
    days = row.median_days or 0
    time = f"{fmt.number(days)} days" if days >= 1 else f"{fmt.number(24 * days)} hours"
    return f"Half of the pull requests opened in {row.quarter} were merged within {time}"


def _pace_panel(trend: Trend, rows: Sequence[Multiple]) -> Panel:
    name = wording.MEASURES.get(trend.measure, trend.measure)
    doubling = trend.doubling_months
    return small(
        f"pace-{trend.measure}",
        f"Line chart on a logarithmic scale. {name}, multiple by quarter after the baseline: "
        f"{wording.multiples_text(rows)}.",
        outcome_charts.pace(rows, PANEL),
        title=name,
        value="" if doubling is None else f"×2 in {fmt.number(doubling)} mo.",
        note=trend.doubling_reason if doubling is None else _doubling_range(trend),
    )


def _doubling_range(trend: Trend) -> str:
    if trend.low is None:
        return trend.doubling_reason or ""
    high = "no bound" if trend.high is None else fmt.number(trend.high)
    return f"95% interval {fmt.number(trend.low)} to {high} months, {trend.points} quarters"


def _pace_title(trend: Trend | None) -> str | None:
    if trend is None:
        return None
    told = f"acceleration: {trend.acceleration}" if trend.acceleration else ""
    if trend.doubling_months is None:
        reason = trend.doubling_reason
        return f"No doubling time can be stated: {reason}" if reason else None
    return (
        f"Code lines per contributor doubled every {fmt.number(trend.doubling_months)} months"
        + (f"; {told}" if told else "")
    )


def _spread_panel(rows: Sequence[Spread], last: Spread) -> Panel:
    text = "; ".join(f"{row.quarter} {fmt.percent(row.top_tenth_share)}" for row in rows)
    return small(
        "spread",
        f"Line chart. Share of code lines by the tenth with the most, by quarter: {text}.",
        outcome_charts.spread(rows, PANEL),
        title="Share of the top tenth",
        value=fmt.percent(last.top_tenth_share),
        note=f"as if {fmt.number(last.effective)} with equal lines each",
    )


def _reviews_panel(rows: Sequence[Reviews], last: Reviews) -> Panel:
    text = "; ".join(f"{row.quarter} {fmt.percent(row.no_human_share)}" for row in rows)
    return small(
        "reviews",
        f"Line chart. Share merged without a review by a person, by quarter: {text}.",
        outcome_charts.unreviewed(rows, PANEL),
        title="No review by a person",
        value=fmt.percent(last.no_human_share),
        note=f"{fmt.count(last.told)} of known reviews in {last.quarter}",
    )
