"""Figures of the page: a chart with its title, text alternative, notes and table."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace

from quarterdeck.reports import charts, wording
from quarterdeck.reports import formats as fmt
from quarterdeck.reports.charts import NARROW, PANEL, WIDE
from quarterdeck.reports.drawing import draw
from quarterdeck.reports.facts import Facts, Multiple
from quarterdeck.reports.marks import Specification
from quarterdeck.reports.releases import Release, in_quarters
from quarterdeck.reports.tables import Columns, Table, table

_SHARE = ("Share of code lines", "Code lines")
_NO_CHANGES = "No landed change was found."


@dataclass(frozen=True)
class Drawing:
    """One chart at one width: its still picture and the specification that makes it live."""

    size: str
    svg: str
    specification: Specification


@dataclass(frozen=True)
class Panel:
    """One chart of a figure, with the words that replace it for who cannot see it."""

    key: str
    alt: str
    drawings: tuple[Drawing, ...]
    title: str | None = None
    value: str | None = None
    note: str | None = None


@dataclass(frozen=True)
class Figure:
    """A titled chart or group of charts; without panels, `empty` says why there is none."""

    key: str
    title: str | None
    panels: tuple[Panel, ...] = ()
    notes: tuple[str, ...] = ()
    table: Table | None = None
    empty: str | None = None
    is_grid: bool = field(default=False)


def full(key: str, alt: str, make: Callable[[int], Specification]) -> Panel:
    """Make a panel as wide as the page, drawn once for a desk and once for a phone."""
    return Panel(
        key,
        alt,
        tuple(
            Drawing(size, draw(specification, f"{key}-{size}"), specification)
            for size, specification in (("wide", make(WIDE)), ("narrow", make(NARROW)))
        ),
    )


def small(
    key: str,
    alt: str,
    specification: Specification,
    *,
    title: str,
    value: str,
    note: str | None = None,
) -> Panel:
    """Make a small panel with a heading, for a grid of panels alike."""
    drawing = Drawing("any", draw(specification, key), specification)
    return Panel(key, alt, (drawing,), title, value, note)


def stretch(facts: Facts, quarters: Iterable[str]) -> list[str]:
    """Return all quarters shown from the first of `quarters` to the last, for the axis of panels.

    Those in between of which nothing is known are there too, so that a gap is seen as one.
    """
    wanted = set(quarters)
    shown = dict.fromkeys(row.quarter for row in sorted(facts.multiples, key=_start))
    if not wanted or not wanted <= shown.keys():
        return sorted(wanted)
    names = list(shown)
    places = [place for place, name in enumerate(names) if name in wanted]
    return names[places[0] : places[-1] + 1]


def beyond(rows: Sequence[Multiple], domain: tuple[float, float]) -> str:
    """What to say where intervals are cut off at the edges of panels that show `domain`."""
    ends = [end for row in rows if not row.is_partial for end in (row.low, row.high)]
    cut = any(end is not None and not domain[0] <= end <= domain[1] for end in ends)
    return " Intervals reach beyond the panels; see the table." if cut else ""


def _start(row: Multiple) -> dt.date:
    return row.quarter_start


def multiple_figure(
    facts: Facts, latest: Multiple | None, releases: Sequence[Release] = ()
) -> Figure:
    """The chart at the top: the shipped-code multiple by quarter, with releases marked."""
    rows = [row for row in facts.multiples if row.measure == "code_lines"]
    known = [row for row in rows if row.multiple is not None]
    if not known:
        return Figure("multiple", None, empty=_no_multiple(facts), table=_multiples_table(rows))
    notes = ["Whiskers: 95% interval, from resampling contributors."]
    partial = next((row for row in known if row.is_partial), None)
    if partial:
        notes.append(
            f"Hatched: {partial.quarter}, not finished; {fmt.count(partial.days)} days measured."
        )
    top = charts.multiple_domain(rows)[1]
    beyond = sum(row.high is not None and row.high > top for row in known)
    if beyond:
        reach = "reaches" if beyond == 1 else "reach"
        notes.append(f"{fmt.plural(beyond, 'interval')} {reach} beyond the chart; see the table.")
    shown = in_quarters(releases, known)
    marks = [
        (quarter, "–".join(dict.fromkeys((letters[0], letters[-1]))))
        for quarter, letters in shown.by_quarter.items()
    ]
    notes += shown.notes
    return Figure(
        "multiple",
        wording.multiple_title(rows, latest),
        (
            full(
                "multiple",
                f"Bar chart. Shipped-code multiple by quarter with 95% interval, baseline = 1: "
                f"{wording.multiples_text(rows)}.",
                lambda width: charts.multiple_by_quarter(rows, width, marks),
            ),
        ),
        tuple(notes),
        _multiples_table(rows),
    )


def _no_multiple(facts: Facts) -> str:
    if not facts.multiples or facts.overview.landed_changes == 0:
        return _NO_CHANGES
    latest = next((row for row in reversed(facts.multiples) if row.reason), None)
    return f"No multiple can be shown: {wording.why_no_multiple(latest, facts.overview)}."


def companions_figure(facts: Facts) -> Figure:
    """The multiple of every measure side by side, on one scale."""
    names = [name for name in wording.MEASURES if any(r.measure == name for r in facts.multiples)]
    names += sorted({row.measure for row in facts.multiples} - set(names))
    series = {name: [r for r in facts.multiples if r.measure == name] for name in names}
    series = {
        name: rows for name, rows in series.items() if any(row.multiple is not None for row in rows)
    }
    if not series:
        return Figure("companions", None, empty=_no_multiple(facts))
    rows = [row for name in series for row in series[name]]
    domain = charts.multiple_domain(rows)
    latest = {name: latest_of(series[name]) for name in series}
    panels = tuple(
        small(
            f"companion-{index}",
            f"Line chart. {wording.MEASURES.get(name, name)}, multiple by quarter with 95% "
            f"interval, baseline = 1: {wording.multiples_text(series[name])}.",
            charts.companion(series[name], domain, PANEL),
            title=wording.MEASURES.get(name, name),
            value=fmt.times(latest[name].multiple),
            note=wording.MEASURE_NOTES.get(name),
        )
        for index, name in enumerate(series)
    )
    return Figure(
        "companions",
        wording.companions_title(list(latest.values())),
        panels,
        (
            "One scale for all. Shaded: 95% interval. Dashed: baseline. "
            f"Open circle: quarter not finished.{beyond(rows, domain)}",
        ),
        _multiples_table(
            [row for row in rows if row.measure != "code_lines"], "shipped_code_measures"
        ),
        is_grid=True,
    )


def authorship_figure(facts: Facts) -> Figure:
    """Shares of landed code lines by author class and tier of evidence."""
    rows = [row for row in facts.authorship if row.code_lines]
    if not rows:
        return Figure("authorship", None, empty="No code line landed, so there is no share.")
    whole = [row for row in rows if not row.is_partial]
    behind = table(
        "authorship_by_quarter",
        "Shares of landed code lines by quarter",
        (
            ("Quarter", "text"), ("Code lines", "count"), ("Model", "share"),
            ("Model, at least", "share"), ("Model, at most", "share"),
            ("Attested", "share"), ("Declared", "share"), ("Indicated", "share"),
            ("Undeclared", "share"), ("Automation", "share"), ("Human", "share"),
            ("Landed changes", "count"),
        ),
        [
            (
                row.quarter, row.code_lines, row.model_share, row.model_share_low,
                row.model_share_high, row.attested_share, row.declared_share,
                row.indicated_share, row.undeclared_share, row.automation_share,
                row.human_share, row.landed_changes,
            )
            for row in rows
        ],
    )  # fmt: skip
    return Figure(
        "authorship",
        wording.authorship_title((whole or rows)[-1]),
        (
            full(
                "authorship",
                "Stacked bar chart. Share of landed code lines by author class: "
                f"{wording.authorship_text(rows)}.",
                lambda width: charts.authorship_by_quarter(rows, width),
            ),
        ),
        (
            f"Labels: {rows[-1].quarter}"
            f"{', pale because it is not finished' if rows[-1].is_partial else ''}. "
            "Attested: recorded line by line. Declared: an identity or a trailer says so. "
            "Indicated: only text or a branch name hints at it. "
            "Undeclared: no evidence either way; it is never counted as human.",
            *filter(None, [wording.coverage_text(facts.coverage)]),
        ),
        behind,
    )


def agents_figure(facts: Facts, quarter: str | None) -> Figure:
    """Share of code lines by agent, the largest ones and all others together."""
    rows = [row for row in facts.agents if row.share is not None]
    if not rows:
        return Figure("agents", None, empty="No agent left evidence in the quarters shown.")
    agents = list(dict.fromkeys(row.agent for row in rows if row.share))
    if not agents:
        return Figure("agents", None, empty="No agent left evidence on a code line.")
    quarters = [row.quarter for row in facts.authorship] or [row.quarter for row in rows]
    top = max(row.share or 0 for row in rows)
    partial = next((row.quarter for row in facts.authorship if row.is_partial), None)
    panels = []
    for index, agent in enumerate(agents):
        own = [row for row in rows if row.agent == agent]
        shares = [(row.quarter, row.share, row.model_lines) for row in own]
        now = next((row.share for row in own if row.quarter == quarter), None)
        text = "; ".join(f"{row.quarter} {fmt.percent(row.share)}" for row in own)
        panels.append(
            small(
                f"agent-{index}",
                f"Bar chart. {agent}, share of landed code lines by quarter: {text}.",
                charts.share_by_quarter(shares, quarters, top, partial, _SHARE, PANEL),
                title=agent,
                value=fmt.percent(now),
            )
        )
    columns: Columns = (
        ("Agent", "text"), ("Quarter", "text"), ("Share of code lines", "share"),
        ("Code lines", "count"), ("Landed changes", "count"),
    )  # fmt: skip
    values = [(r.agent, r.quarter, r.share, r.model_lines, r.landed_changes) for r in rows]
    return Figure(
        "agents",
        wording.agents_title(rows, quarter),
        tuple(panels),
        (
            f"Numbers beside the names: share of code lines in {quarter}."
            + (" Pale: quarter not finished." if partial else ""),
        )
        if quarter
        else (),
        table("agents_by_quarter", "Share of landed code lines by agent", columns, values),
        is_grid=True,
    )


def merge_figure(facts: Facts, quarter: str | None) -> Figure:
    """Merge success by author class."""
    window = facts.overview.merge_window
    merges = [
        replace(row, is_partial=row.is_partial or facts.is_young(row.quarter, window))
        for row in facts.merges
    ]
    judged = [row for row in merges if row.rate is not None]
    if not judged:
        reason = next((row.reason for row in reversed(facts.merges) if row.reason), None)
        return Figure(
            "merges", None, empty=reason or "No pull request is known in these repositories."
        )
    classes = [
        name for name in wording.AUTHOR_CLASSES if any(r.author_class == name for r in judged)
    ]
    quarters = stretch(facts, (row.quarter for row in judged))
    panels = []
    for name in classes:
        rows = [row for row in merges if row.author_class == name]
        now = next((row for row in rows if row.quarter == quarter), None)
        label = wording.AUTHOR_CLASSES[name]
        panels.append(
            small(
                f"merge-{name}",
                f"Line chart. {label}, share merged by quarter: {wording.merges_text(rows)}.",
                charts.merge_rate(rows, PANEL, quarters),
                title=label,
                value=fmt.percent(now.rate if now else None),
                note=f"{fmt.count(now.merged)} of {fmt.count(now.mature)} in {quarter}"
                if now and now.mature
                else f"{'none opened' if now is None else 'none to judge'} in {quarter}",
            )
        )
    latest = next(
        (row for row in judged if row.author_class == "all" and row.quarter == quarter), None
    )
    return Figure(
        "merges",
        wording.merge_title(latest, window),
        tuple(panels),
        (
            "Only pull requests opened at least "
            f"{fmt.plural(window, 'day')} before the data cut-off are judged. "
            "Shaded: 95% interval (Wilson). Dashed: baseline rate, where there is one. "
            "Open circle: quarter not finished, or part of it too young.",
        ),
        _merge_table(facts),
        is_grid=True,
    )


def latest_of(rows: Sequence[Multiple]) -> Multiple:
    """The last of `rows` with a multiple, of a whole quarter if there is one."""
    known = [row for row in rows if row.multiple is not None]
    return next((row for row in reversed(known) if not row.is_partial), known[-1])


def _merge_table(facts: Facts) -> Table:
    columns: Columns = (
        ("Author class", "text"), ("Quarter", "text"), ("Known", "count"),
        ("Old enough to judge (n)", "count"), ("Merged", "count"), ("Rate", "share"),
        ("Interval low", "share"), ("Interval high", "share"), ("Baseline rate", "share"),
        ("Change to baseline, points", "points"), ("Why missing", "text"),
    )  # fmt: skip
    values = [
        (
            row.author_class, row.quarter, row.pull_requests, row.mature, row.merged, row.rate,
            row.low, row.high, row.baseline_rate, row.change_points, row.reason,
        )
        for row in facts.merges
    ]  # fmt: skip
    return table("merge_success_by_quarter", "Merge success by author class", columns, values)


def _multiples_table(rows: Sequence[Multiple], name: str = "shipped_code_multiple") -> Table | None:
    if not rows:
        return None
    columns: Columns = (
        ("Measure", "text"), ("Quarter", "text"), ("Period", "text"), ("Multiple", "ratio"),
        ("Interval low", "ratio"), ("Interval high", "ratio"), ("Contributors (n)", "count"),
        ("Active contributors, mean", "ratio"), ("Landed changes", "count"),
        ("Total, capped", "count"), ("Days measured", "count"), ("Why missing", "text"),
    )  # fmt: skip
    values = [
        (
            row.measure, row.quarter,
            "baseline" if row.is_baseline else "so far" if row.is_partial else "whole quarter",
            row.multiple, row.low, row.high, row.n, row.active_contributors, row.landed_changes,
            row.total, row.days, row.reason,
        )
        for row in rows
    ]  # fmt: skip
    whose = "Multiple" if name == "shipped_code_multiple" else "Multiple of each other measure"
    return table(name, f"{whose} by quarter, baseline = 1", columns, values)
