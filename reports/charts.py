"""The charts, one function each: records in, a Vega-Lite specification out.

A chart draws what the marts hold. The positions of labels are all that is worked out here.
Widths and heights are pixels of the whole drawing; the page redraws at the reader's width.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import altair as alt

from quarterdeck.reports import formats as fmt
from quarterdeck.reports.facts import AgentQuarter, Authorship, FileClass, MergeRate, Multiple
from quarterdeck.reports.theme import apply, colour, hatch

Specification = dict[str, Any]
Row = Mapping[str, Any]

WIDE: Final = 860
NARROW: Final = 360
PANEL: Final = 270

AUTHOR_PARTS: Final = (
    ("attested_share", "Model, attested", "attested", None),
    ("declared_share", "Model, declared", "declared", None),
    ("indicated_share", "Model, indicated", "indicated", None),
    ("undeclared_share", "Undeclared", "undeclared", "undeclared"),
    ("automation_share", "Automation", "automation", None),
    ("human_share", "Human", "human", None),
)

_CODE_CLASSES: Final = ("source", "test")


def multiple_by_quarter(rows: Sequence[Multiple], width: int) -> Specification:
    """Bars of the shipped-code multiple by quarter, with intervals, against the baseline at 1."""
    quarters = [row.quarter for row in rows]
    known = [row for row in rows if row.multiple is not None]
    low, high = multiple_domain(rows)
    latest = {row.quarter for row in known if not row.is_baseline}
    labelled = set(sorted(latest)[-2:]) or {row.quarter for row in known[-1:]}
    values = [
        {
            "quarter": row.quarter,
            "multiple": row.multiple,
            "low": row.low,
            "high": row.high,
            "top": min(max(row.high or 0, row.multiple or 0), high),
            "kind": _kind(row.is_baseline, row.is_partial),
            "label": fmt.times(row.multiple) if row.quarter in labelled else "",
            "Quarter": row.quarter + (", so far" if row.is_partial else ""),
            "Multiple": fmt.times(row.multiple),
            "95% interval": fmt.times_interval(row.low, row.high),
            "Contributors": fmt.count(row.n),
            "Landed changes": fmt.count(row.landed_changes),
        }
        for row in known
    ]
    x = _quarters(quarters, width)
    scale = alt.Scale(domain=[low, high], nice=False)
    y = alt.Y("multiple:Q", scale=scale, axis=_axis("format(datum.value, '~g') + '×'"))
    bars = (
        alt.Chart(alt.Data(values=values))
        .mark_bar()
        .encode(
            x=x,
            y=y,
            color=_paints(
                {
                    "baseline": colour("past"),
                    "later": colour("accent"),
                    "partial": hatch("partial"),
                    "partial baseline": hatch("partial-past"),
                }
            ),
            tooltip=_tips("Quarter", "Multiple", "95% interval", "Contributors", "Landed changes"),
        )
    )
    edges = (
        alt.Chart(alt.Data(values=[v for v in values if v["kind"].startswith("partial")]))
        .mark_bar(fillOpacity=0, stroke=colour("accent"), strokeWidth=1)
        .encode(x=x, y=y)
    )
    bounded = alt.Chart(alt.Data(values=[v for v in values if v["low"] is not None]))
    span = {"x": x, "y": alt.Y("low:Q", scale=scale), "y2": alt.Y2("high:Q")}
    # A pale edge keeps a whisker in sight on its bar.
    edge = bounded.mark_rule(color=colour("paper"), strokeWidth=3.5, opacity=0.75, clip=True)
    line = bounded.mark_rule(color=colour("whisker"), strokeWidth=1.2, clip=True)
    fade = alt.condition("datum.kind == 'baseline'", alt.value(0.4), alt.value(1))
    whiskers = [edge.encode(**span), line.encode(**span, opacity=fade)]
    labels = (
        alt.Chart(alt.Data(values=[v for v in values if v["label"]]))
        .mark_text(dy=-9, fontWeight=700, fontSize=14, color=colour("ink"))
        .encode(x=x, y=alt.Y("top:Q", scale=scale), text="label:N")
    )
    layers = [bars, edges, _reference(1.0, scale), *whiskers, labels]
    past = [row for row in known if row.is_baseline]
    if past:
        layers.append(_baseline_label(past, x, scale, high))
    return apply(alt.layer(*layers), width=width, height=340 if width > NARROW else 280)


def multiple_domain(rows: Sequence[Multiple]) -> tuple[float, float]:
    """Return the range of the multiple's axis; one very wide interval does not flatten the rest."""
    values = [row.multiple for row in rows if row.multiple is not None]
    ends = [end for row in rows for end in (row.low, row.high) if end is not None]
    top = max([1.0, *values])
    bottom = min([0.0, *values])
    return max(bottom * 1.1, min([0.0, *ends]) if bottom < 0 else 0.0), max(
        1.25, min(max([top, *ends]) * 1.12, 2 * top)
    )


def companion(rows: Sequence[Multiple], domain: tuple[float, float], width: int) -> Specification:
    """One measure's multiple by quarter as a line with its interval, against the baseline at 1."""
    points = [
        {
            "quarter": row.quarter,
            "value": row.multiple,
            "low": row.low,
            "high": row.high,
            "partial": row.is_partial,
            "Quarter": row.quarter + (", so far" if row.is_partial else ""),
            "Multiple": fmt.times(row.multiple),
            "95% interval": fmt.times_interval(row.low, row.high),
        }
        for row in rows
    ]
    scale = alt.Scale(domain=list(domain), nice=False)
    axis = _axis("format(datum.value, '~g') + '×'", ticks=4)
    return _line_panel(points, scale, axis, ("Quarter", "Multiple", "95% interval"), 1.0, width)


def merge_rate(rows: Sequence[MergeRate], width: int) -> Specification:
    """Share of judged pull requests that merged, by quarter, against the baseline's rate."""
    points = [
        {
            "quarter": row.quarter,
            "value": row.rate,
            "low": row.low,
            "high": row.high,
            "partial": row.is_partial,
            "Quarter": row.quarter + (", so far" if row.is_partial else ""),
            "Merged": f"{fmt.count(row.merged)} of {fmt.count(row.mature)}",
            "Rate": fmt.percent(row.rate),
            "95% interval": fmt.percent_interval(row.low, row.high),
        }
        for row in rows
    ]
    base = next((row.baseline_rate for row in rows if row.baseline_rate is not None), None)
    scale = alt.Scale(domain=[0, 1], nice=False)
    axis = _axis("format(datum.value, '.0%')", values=[0, 0.5, 1])
    tips = ("Quarter", "Merged", "Rate", "95% interval")
    return _line_panel(points, scale, axis, tips, base, width)


def agent_share(
    rows: Sequence[AgentQuarter],
    quarters: Sequence[str],
    top: float,
    partial: str | None,
    width: int,
) -> Specification:
    """One agent's share of landed code lines, as bars by quarter."""
    values = [
        {
            "quarter": row.quarter,
            "value": row.share,
            "partial": row.quarter == partial,
            "Quarter": row.quarter + (", so far" if row.quarter == partial else ""),
            "Share of code lines": fmt.percent(row.share),
            "Code lines": fmt.count(row.model_lines),
        }
        for row in rows
    ]
    scale = alt.Scale(domain=[0, top], nice=False)
    bars = (
        alt.Chart(alt.Data(values=values))
        .mark_bar(color=colour("declared"))
        .encode(
            x=_quarters(quarters, width, panel=True),
            y=alt.Y("value:Q", scale=scale, axis=_axis("format(datum.value, '.0%')", ticks=3)),
            opacity=_pale("datum.partial"),
            tooltip=_tips("Quarter", "Share of code lines", "Code lines"),
        )
    )
    return apply(alt.layer(bars), width=width, height=130)


def authorship_by_quarter(rows: Sequence[Authorship], width: int) -> Specification:
    """Stacked shares of landed code lines by author class and tier of evidence."""
    known = [row for row in rows if row.code_lines]
    values = [
        {
            "quarter": row.quarter,
            "part": name,
            "partial": row.is_partial,
            "order": order,
            "share": getattr(row, field),
            "Quarter": row.quarter + (", so far" if row.is_partial else ""),
            "Written by": name,
            "Share": fmt.percent(getattr(row, field)),
        }
        for row in known
        for order, (field, name, _, _) in enumerate(AUTHOR_PARTS)
        if getattr(row, field)
    ]
    scale = alt.Scale(domain=[0, 1], nice=False)
    paints = {
        name: hatch(pattern) if pattern else colour(role) for _, name, role, pattern in AUTHOR_PARTS
    }
    bars = (
        alt.Chart(alt.Data(values=values))
        .mark_bar(stroke=colour("paper"), strokeWidth=0.6)
        .encode(
            x=_quarters([row.quarter for row in rows], width, room=150),
            y=alt.Y(
                "share:Q",
                stack="zero",
                scale=scale,
                axis=_axis("format(datum.value, '.0%')", values=[0, 0.25, 0.5, 0.75, 1]),
            ),
            order="order:Q",
            color=_paints(paints, field="part"),
            opacity=_pale("datum.partial"),
            tooltip=_tips("Quarter", "Written by", "Share"),
        )
    )
    height = 340
    labels = _share_labels(known[-1], 16 / (height - 40)) if known else []
    place = alt.Chart(alt.Data(values=labels))
    y = alt.Y("at:Q", scale=scale)
    keys = place.mark_square(size=90, opacity=1, xOffset=12, stroke=None).encode(
        x=alt.value("width"), y=y, color=_paints(paints, field="part")
    )
    texts = place.mark_text(align="left", dx=22, color=colour("ink")).encode(
        x=alt.value("width"), y=y, text="text:N"
    )
    return apply(alt.layer(bars, keys, texts), width=width, height=height)


def file_classes(rows: Sequence[FileClass], width: int) -> Specification:
    """Added lines by file class in one quarter, as bars with their share."""
    values = [
        {
            "class": row.file_class,
            "share": row.share,
            "code": row.file_class in _CODE_CLASSES,
            "label": f"{fmt.percent(row.share)}  ({fmt.count(row.added)})",
        }
        for row in rows
    ]
    y = alt.Y("class:N", sort=None, axis=alt.Axis(title=None, labelColor=colour("ink")))
    top = max((row.share or 0 for row in rows), default=1)
    x = alt.X("share:Q", axis=None, scale=alt.Scale(domain=[0, top or 1], nice=False))
    bars = (
        alt.Chart(alt.Data(values=values))
        .mark_bar(height=16)
        .encode(
            x=x,
            y=y,
            color=alt.condition(
                "datum.code", alt.value(colour("accent")), alt.value(colour("past"))
            ),
        )
    )
    labels = bars.mark_text(align="left", dx=7).encode(
        x=x, y=y, text="label:N", color=alt.value(colour("ink"))
    )
    height = 28 * max(len(rows), 1) + 6
    return apply(alt.layer(bars, labels), width=width, height=height)


def _line_panel(
    points: Sequence[Row],
    scale: alt.Scale,
    axis: alt.Axis,
    tips: tuple[str, ...],
    reference: float | None,
    width: int,
) -> Specification:
    x = _quarters([point["quarter"] for point in points], width, panel=True)
    known = [point for point in points if point["value"] is not None]
    whole = [point for point in known if not point["partial"]]
    bounded = [point for point in whole if point["low"] is not None]
    y = alt.Y("value:Q", scale=scale, axis=axis)
    layers = [
        alt.Chart(alt.Data(values=bounded))
        .mark_area(color=colour("band"), clip=True)
        .encode(x=x, y=alt.Y("low:Q", scale=scale, axis=axis), y2="high:Q")
    ]
    if reference is not None:
        layers.append(_reference(reference, scale))
    layers.append(
        alt.Chart(alt.Data(values=known))
        .mark_line(color=colour("accent"), strokeWidth=2)
        .encode(x=x, y=y)
    )
    for row, fill in ((whole[-1:], "accent"), ([p for p in known[-1:] if p["partial"]], "paper")):
        layers.append(
            alt.Chart(alt.Data(values=row))
            .mark_point(filled=True, fill=colour(fill), stroke=colour("accent"), size=50, opacity=1)
            .encode(x=x, y=y)
        )
    layers.append(
        alt.Chart(alt.Data(values=known))
        .mark_point(filled=True, size=260, opacity=0)
        .encode(x=x, y=y, tooltip=_tips(*tips))
    )
    return apply(alt.layer(*layers), width=width, height=160)


def _kind(is_baseline: bool, is_partial: bool) -> str:
    if is_partial:
        return "partial baseline" if is_baseline else "partial"
    return "baseline" if is_baseline else "later"


def _quarters(quarters: Sequence[str], width: int, *, panel: bool = False, room: int = 0) -> alt.X:
    """Quarters from left to right: every one named if there is room, else the years."""
    domain = list(dict.fromkeys(quarters))
    if (panel and len(domain) > 3) or len(domain) * 62 > width - room:
        named = [quarter for quarter in domain if quarter.endswith("Q1")] or domain[:1]
        room_for = max((width - room) // 46, 1)
        step = -(-len(named) // room_for)
        named = named[::step]
        expression = "slice(datum.value, 0, 4)"
    else:
        named = domain
        expression = "slice(datum.value, 0, 4) + ' ' + slice(datum.value, 4)"
    return alt.X(
        "quarter:O",
        scale=alt.Scale(type="band", domain=domain, paddingInner=0.22, paddingOuter=0.1),
        axis=alt.Axis(title=None, values=named, labelExpr=expression, labelAngle=0, grid=False),
    )


def _axis(expression: str, *, ticks: int = 5, values: list[float] | None = None) -> alt.Axis:
    extra = {} if values is None else {"values": values}
    return alt.Axis(title=None, labelExpr=expression, tickCount=ticks, **extra)


def _paints(paints: Mapping[str, str], field: str = "kind") -> alt.Color:
    return alt.Color(
        f"{field}:N",
        scale=alt.Scale(domain=list(paints), range=list(paints.values())),
        legend=None,
    )


def _pale(test: str) -> Any:
    return alt.condition(test, alt.value(0.6), alt.value(1))


def _tips(*fields: str) -> list[alt.Tooltip]:
    return [alt.Tooltip(field=field, type="nominal") for field in fields]


def _reference(value: float, scale: alt.Scale) -> alt.Chart:
    return (
        alt.Chart(alt.Data(values=[{"reference": value}]))
        .mark_rule(color=colour("ink"), strokeWidth=1, strokeDash=[4, 3])
        .encode(y=alt.Y("reference:Q", scale=scale))
    )


def _baseline_label(past: Sequence[Multiple], x: alt.X, scale: alt.Scale, high: float) -> alt.Chart:
    """The words over the baseline's bars, clear of their whiskers."""
    top = min(max(max(row.high or 0, row.multiple or 0) for row in past), high * 0.92)
    row = {"quarter": past[0].quarter, "top": top, "label": "Baseline = 1×"}
    return (
        alt.Chart(alt.Data(values=[row]))
        .mark_text(align="left", dx=-8, dy=-12, color=colour("soft"))
        .encode(x=x, y=alt.Y("top:Q", scale=scale), text="label:N")
    )


def _share_labels(row: Authorship, gap: float) -> list[Row]:
    """Labels beside the last bar, pushed apart so that none covers another."""
    labels: list[dict[str, Any]] = []
    base = 0.0
    for field, name, _, _ in AUTHOR_PARTS:
        share = getattr(row, field)
        if not share:
            continue
        middle = base + share / 2
        at = max(middle, labels[-1]["at"] + gap) if labels else max(middle, gap / 2)
        labels.append({"part": name, "at": at, "text": f"{name} {fmt.percent(share)}"})
        base += share
    ceiling = 1 - gap / 2
    for label in reversed(labels):
        label["at"] = min(label["at"], ceiling)
        ceiling = label["at"] - gap
    return list(labels)
