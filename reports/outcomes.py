"""Figures on what became of pull requests and changes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from quarterdeck.reports import formats as fmt
from quarterdeck.reports import outcome_charts, wording
from quarterdeck.reports.charts import PANEL
from quarterdeck.reports.facts import Facts
from quarterdeck.reports.figures import Figure, Panel, small, stretch
from quarterdeck.reports.outcome_facts import Rate, Reviews, Waiting
from quarterdeck.reports.tables import Columns, Table, table

#: The rungs above `merged`, which has a figure of its own.
RUNGS = {"not reverted": "Not reverted", "alive": "Half alive at 90 days"}
#: Within so many days of landing a change counts as reverted.
REVERTED_DAYS = 30
SIDES = ("all", "model", "human", "undeclared")
_CLASSES = {**wording.AUTHOR_CLASSES, "all": "All"}
SERIES_NOTE = "Shaded: 95% interval. Open circle: quarter not finished."
_YOUNG_NOTE = "Shaded: 95% interval. Open circle: quarter not finished, or part of it too young."


def ladder_figure(facts: Facts) -> Figure | None:
    """How far pull requests came, rung by rung, for all and for models."""
    rows = facts.outcomes.ladder
    if not any(row.rate is not None for row in rows):
        return None
    quarters = stretch(facts, (row.quarter for row in rows if row.rate is not None))
    panels = tuple(
        _rate_panel(
            f"ladder-{name}-{index}", series, f"{_CLASSES[name]}: {label.lower()}", 1.0, quarters
        )
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
            "Of all pull requests opened in the quarter and old enough: merged within "
            f"{fmt.plural(facts.overview.merge_window, 'day')}; that, and not reverted within 30 "
            "more; that, and half of their code lines alive 90 days after landing. "
            f"{_YOUNG_NOTE}",
        ),
        table("ladder_by_agent_and_tier", "The last year, by agent and by tier", columns, values),
        is_grid=True,
    )


def revert_figure(facts: Facts) -> Figure | None:
    """Share of landed changes that were reverted within 30 days, by author class."""
    rows = [
        replace(row, is_partial=row.is_partial or facts.is_young(row.quarter, REVERTED_DAYS))
        for row in facts.outcomes.reverts
    ]
    known = [row for row in rows if row.rate is not None]
    if not known:
        return None
    top = max(row.rate or 0 for row in known) * 1.25 or 0.01
    quarters = stretch(facts, (row.quarter for row in known))
    panels = tuple(
        _rate_panel(f"reverted-{name}", series, _CLASSES[name], min(top, 1.0), quarters)
        for name in SIDES
        if (series := _known(rows, "reverted", name))
    )
    last = _whole(_known(rows, "reverted", "all"))
    title = None
    if last is not None:
        title = (
            f"{fmt.part(last.successes, last.trials, last.rate, 'changes')} landed in "
            f"{last.quarter} were reverted within 30 days"
        )
    return Figure(
        "reverts",
        title,
        panels,
        (f"Whole reverts that a message names. {_YOUNG_NOTE}{_beyond(known, top)}",),
        _rates_table("reverts_by_quarter", "Landed changes reverted within 30 days", rows),
        is_grid=True,
    )


def waiting_figure(facts: Facts) -> Figure | None:
    """Share of pull requests merged within a week of opening, by author class."""
    rows = [row for row in facts.outcomes.waiting if row.merged_7_days is not None]
    if not rows:
        return None
    quarters = stretch(facts, (row.quarter for row in rows))
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
                    outcome_charts.waiting(own, PANEL, quarters),
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
        (_reviews_panel(known, last, stretch(facts, (row.quarter for row in known))),),
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


def _rate_panel(
    key: str, rows: Sequence[Rate], title: str, top: float, quarters: Sequence[str]
) -> Panel:
    last = _whole(rows) or next(row for row in reversed(rows) if row.rate is not None)
    text = "; ".join(
        f"{row.quarter} {fmt.fine_percent(row.rate)} ({fmt.count(row.successes)} of "
        f"{fmt.count(row.trials)})"
        for row in rows
        if row.rate is not None
    )
    return small(
        key,
        f"Line chart. {title}, by quarter: {text}.",
        outcome_charts.rate_of(rows, top, PANEL, quarters),
        title=title,
        value=fmt.fine_percent(last.rate),
        note=f"{fmt.count(last.successes)} of {fmt.count(last.trials)} in {last.quarter}",
    )


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
        f"{fmt.part(last.successes, last.trials, last.rate, 'pull requests')} opened in "
        f"{last.quarter} were merged, stayed, and had half of their code alive after 90 days"
    )


def _waiting_title(rows: Sequence[Waiting]) -> str | None:
    whole = [row for row in rows if not row.is_partial and row.pull_requests]
    if not whole or whole[-1].median_days is None:
        late = whole[-1].merged_30_days if whole else None
        if late is None or late >= 0.5:
            return None
        return (
            f"Fewer than half of the pull requests opened in {whole[-1].quarter} were merged: "
            f"{fmt.percent(late)} within 30 days"
        )
    row = whole[-1]
    days = row.median_days or 0
    time = f"{fmt.number(days)} days" if days >= 1 else f"{fmt.number(24 * days)} hours"
    return f"Half of the pull requests opened in {row.quarter} were merged within {time}"


def _beyond(rows: Sequence[Rate], top: float) -> str:
    """What to say where an interval is cut off at the top of the charts."""
    cut = any((row.high or 0) > top for row in rows)
    return " Intervals reach beyond the charts; see the table." if cut else ""


def _reviews_panel(rows: Sequence[Reviews], last: Reviews, quarters: Sequence[str]) -> Panel:
    text = "; ".join(f"{row.quarter} {fmt.percent(row.no_human_share)}" for row in rows)
    return small(
        "reviews",
        f"Line chart. Share merged without a review by a person, by quarter: {text}.",
        outcome_charts.unreviewed(rows, PANEL, quarters),
        title="No review by a person",
        value=fmt.percent(last.no_human_share),
        note=f"{fmt.count(last.told)} of known reviews in {last.quarter}",
    )
