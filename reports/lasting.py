"""Figures of the section on what became of the lines: survival by age, churn by quarter."""

from __future__ import annotations

from collections.abc import Sequence

from quarterdeck.reports import charts
from quarterdeck.reports import formats as fmt
from quarterdeck.reports.charts import PANEL
from quarterdeck.reports.facts import Churn, Facts, SurvivalPoint
from quarterdeck.reports.figures import Figure, small, stretch
from quarterdeck.reports.summary import ALIVE_DAYS
from quarterdeck.reports.tables import Columns, table

LINE_CLASSES = {
    "all": "All code lines",
    "model": "By models",
    "human": "By humans",
    "automation": "By automation",
    "undeclared": "Undeclared",
}


def survival_figure(facts: Facts) -> Figure | None:
    """Share of code lines alive by age, a panel for each author class; None without lines."""
    own = [row for row in facts.survival if row.matched_with is None]
    curves = {name: [row for row in own if row.author_class == name] for name in LINE_CLASSES}
    curves = {k: v for k, v in curves.items() if any(row.survival is not None for row in v)}
    if not curves:
        return None
    oldest = max(r.age_days for rows in curves.values() for r in rows if r.survival is not None)
    panels = tuple(
        small(
            f"survival-{name}",
            f"Line chart. {LINE_CLASSES[name]}, share alive by age: {survival_text(rows)}.",
            charts.survival(rows, max(oldest, 1), PANEL),
            title=LINE_CLASSES[name],
            value=fmt.percent(next((r.survival for r in rows if r.age_days == ALIVE_DAYS), None)),
            note=f"{fmt.plural(rows[0].lines, 'line')} of "
            f"{fmt.plural(rows[0].landed_changes, 'landed change')}",
        )
        for name, rows in curves.items()
    )
    notes = [
        f"Numbers beside the names: share alive at {ALIVE_DAYS} days. Kaplan-Meier: lines that "
        "still live count as long as they were watched. Shaded: 95% interval, by contributor.",
        *matched_notes(facts.survival),
    ]
    columns: Columns = (
        ("Author class", "text"), ("Quarters in common with", "text"), ("Age, days", "count"),
        ("Lines at risk", "count"), ("Alive", "share"), ("Interval low", "share"),
        ("Interval high", "share"), ("Lines (n)", "count"), ("Landed changes (n)", "count"),
        ("Contributors (n)", "count"), ("Half-life, days", "count"), ("Why missing", "text"),
    )  # fmt: skip
    values = [
        (
            r.author_class, r.matched_with, r.age_days, r.at_risk, r.survival, r.low, r.high,
            r.lines, r.landed_changes, r.contributors, r.half_life_days, r.reason,
        )
        for r in facts.survival
        if r.survival is not None
    ]  # fmt: skip
    return Figure(
        "survival",
        survival_title(curves.get("all", [])),
        panels,
        tuple(notes),
        table("survival_of_code_lines", "Code lines alive by age", columns, values),
        is_grid=True,
    )


def churn_figure(facts: Facts) -> Figure | None:
    """Lines dead within 30 days by quarter, a panel for each author class; None without any."""
    by_class = {name: [r for r in facts.churn if r.author_class == name] for name in LINE_CLASSES}
    by_class = {
        name: rows
        for name, rows in by_class.items()
        if any(row.churn30 is not None for row in rows)
    }
    if not by_class:
        return None
    known = [row for rows in by_class.values() for row in rows if row.churn30 is not None]
    top, cut = churn_top(known)
    quarters = stretch(facts, (row.quarter for rows in by_class.values() for row in rows))
    panels = []
    for name, rows in by_class.items():
        last = [row for row in rows if row.churn30 is not None][-1]
        text = "; ".join(
            f"{row.quarter} {fmt.percent(row.churn30)}" for row in rows if row.churn30 is not None
        )
        panels.append(
            small(
                f"churn-{name}",
                f"Line chart. {LINE_CLASSES[name]}, share dead within 30 days by quarter: {text}.",
                charts.churn(rows, top, PANEL, quarters),
                title=LINE_CLASSES[name],
                value=fmt.percent(last.churn30),
                note=f"{fmt.plural(last.lines_written, 'line')} written in {last.quarter}",
            )
        )
    columns: Columns = (
        ("Author class", "text"), ("Quarter", "text"), ("Landed changes (n)", "count"),
        ("Lines written (n)", "count"), ("Followed", "share"), ("Dead within 14 days", "share"),
        ("Dead within 30 days", "share"), ("Alive at 90 days", "share"), ("Why missing", "text"),
    )  # fmt: skip
    values = [
        (
            r.author_class, r.quarter, r.landed_changes, r.lines_written, r.followed_share,
            r.churn14, r.churn30, r.alive_90, r.reason,
        )
        for r in facts.churn
    ]  # fmt: skip
    return Figure(
        "churn",
        churn_title(by_class.get("all", [])),
        tuple(panels),
        (
            "Lines deleted or changed within 30 days of landing, over the lines written. Moved and "
            "re-spaced lines live on. A quarter counts once all of its lines are 30 days old."
            + (
                f" {fmt.plural(cut, 'quarter')} of few lines "
                f"{'reaches' if cut == 1 else 'reach'} beyond the panels."
                if cut
                else ""
            ),
        ),
        table("churn_by_quarter", "What became of the code lines of a quarter", columns, values),
        is_grid=True,
    )


def churn_top(rows: Sequence[Churn]) -> tuple[float, int]:
    """Return the largest share for the axis, and how many quarters are above it.

    A quarter of few lines, under a hundredth of the most, does not flatten the others.
    """
    most = max(row.lines_written or 0 for row in rows)
    top = max(row.churn30 or 0 for row in rows if (row.lines_written or 0) >= most / 100)
    return top, sum((row.churn30 or 0) > top for row in rows)


def survival_title(rows: Sequence[SurvivalPoint]) -> str | None:
    """Title of the survival curves, from the curve of all lines."""
    row = _at(rows, ALIVE_DAYS)
    if row is None or row.survival is None:
        known = [row for row in rows if row.survival is not None and row.age_days > 0]
        if not known:
            return None
        row = known[-1]
    text = f"{fmt.percent(row.survival)} of code lines live {row.age_days} days after they landed"
    if row.half_life_days is None:
        return f"{text}; more than half live as long as they were followed"
    return f"{text}; half are gone after {fmt.count(row.half_life_days)} days"


def churn_title(rows: Sequence[Churn]) -> str | None:
    """Title of the churn panels, from the latest quarter that is old enough."""
    known = [row for row in rows if row.churn30 is not None]
    if not known:
        return None
    row = known[-1]
    return (
        f"{fmt.percent(row.churn30)} of the code lines written in {row.quarter} were gone within "
        "30 days"
    )


def matched_notes(points: Sequence[SurvivalPoint]) -> list[str]:
    """Sentences that compare a model's lines with others of the same quarters."""
    notes = []
    for other in LINE_CLASSES:
        model = _matched(points, "model", other)
        beside = _matched(points, other, "model")
        if model is None or beside is None or model.survival is None or beside.survival is None:
            continue
        text = (
            f"Of lines written in the quarters that have both, {fmt.percent(model.survival)} by "
            f"models{_range(model)} and {fmt.percent(beside.survival)} "
            f"{LINE_CLASSES[other].lower()}{_range(beside)} live at {ALIVE_DAYS} days"
        )
        if None in (model.low, model.high, beside.low, beside.high):
            text += "; without both intervals a difference is not established"
        elif (model.low or 0) <= (beside.high or 0) and (beside.low or 0) <= (model.high or 0):
            text += "; the intervals overlap, so a difference is not established"
        notes.append(f"{text}.")
    return notes


def survival_text(rows: Sequence[SurvivalPoint]) -> str:
    """Text alternative of a curve: every age's number."""
    return "; ".join(
        f"{row.age_days} days {fmt.percent(row.survival)}"
        for row in rows
        if row.survival is not None
    )


def _matched(points: Sequence[SurvivalPoint], name: str, other: str) -> SurvivalPoint | None:
    rows = [row for row in points if row.author_class == name and row.matched_with == other]
    return _at(rows, ALIVE_DAYS)


def _at(rows: Sequence[SurvivalPoint], age_days: int) -> SurvivalPoint | None:
    return next((row for row in rows if row.age_days == age_days), None)


def _range(row: SurvivalPoint) -> str:
    if row.low is None or row.high is None:
        return ""
    return f" ({fmt.percent_interval(row.low, row.high)})"
