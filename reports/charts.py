"""The charts, one function each: records in, a Vega-Lite specification out.

A chart draws what the marts hold. The positions of labels are all that is worked out here.
Widths and heights are pixels of the whole drawing; the page redraws at the reader's width.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import altair as alt

from quarterdeck.reports import formats as fmt
from quarterdeck.reports.facts import (
    Authorship,
    Churn,
    MergeRate,
    Multiple,
    SurvivalPoint,
)
from quarterdeck.reports.marks import (
    SAME_QUARTERS,
    Row,
    Specification,
    label_room,
    line_panel,
    paints_of,
    pale,
    plot,
    quarters_axis,
    reference_line,
    release_marks,
    share_axis,
    tips_of,
    value_axis,
    words,
)
from quarterdeck.reports.theme import apply, colour, hatch

WIDE: Final = 860
NARROW: Final = 360
PANEL: Final = 270
TIMES: Final = "format(datum.value, '~g') + '×'"
_AGE: Final = "datum.value < 365 ? datum.value + ' d' : round(datum.value / 365.25) + ' y'"
PERCENT: Final = "format(datum.value, '.0%')"

AUTHOR_PARTS: Final = (
    ("attested_share", "Model, attested", "attested", None),
    ("declared_share", "Model, declared", "declared", None),
    ("indicated_share", "Model, indicated", "indicated", None),
    ("undeclared_share", "Undeclared", "undeclared", "undeclared"),
    ("automation_share", "Automation", "automation", None),
    ("human_share", "Human", "human", None),
)

#: Room (pixels) for the names beside the stacked shares.
_SHARE_LABELS: Final = 150
#: Room (pixels) for the words at the baseline.
_BASELINE_LABEL: Final = 62


def multiple_by_quarter(
    rows: Sequence[Multiple], width: int, releases: Sequence[tuple[str, str]] = ()
) -> Specification:
    """Bars of the shipped-code multiple by quarter, with intervals, against the baseline at 1.

    `releases` are pairs of quarter and the letters of what was released in it.
    """
    low, high = multiple_domain(rows)
    known = [row for row in rows if row.multiple is not None]
    step = (width - _BASELINE_LABEL) / max(len(rows), 1)
    values = _multiple_values(known, high, 2 if step > 30 else 1)
    x = quarters_axis([row.quarter for row in rows], width, room=_BASELINE_LABEL)
    scale = alt.Scale(domain=[low, high], nice=False)
    axis = value_axis(TIMES)
    y = alt.Y("multiple:Q", scale=scale, axis=axis)
    paints = {
        "baseline": colour("past"),
        "later": colour("accent"),
        "partial": hatch("partial"),
        "partial baseline": hatch("partial-past"),
    }
    tips = tips_of("Quarter", "Multiple", "95% interval", "Contributors", "Landed changes")
    bars = plot(values).mark_bar().encode(x=x, y=y, color=paints_of(paints), tooltip=tips)
    edges = (
        plot(values)
        .transform_filter("slice(datum.kind, 0, 7) == 'partial'")
        .mark_bar(fillOpacity=0, stroke=colour("accent"), strokeWidth=1)
        .encode(x=SAME_QUARTERS, y=alt.Y("multiple:Q"))
    )
    named = plot([row for row in values if row["label"]])
    layers = [bars, edges, reference_line(1.0, scale), *_whiskers(values)]
    layers += words(named, dy=-9, fontWeight=700, fontSize=14)
    # beside the plot, where no whisker can cross it
    reference = plot([{"top": 1.0, "label": ["Baseline", "= 1×"]}])
    place = {"align": "left", "baseline": "bottom", "dx": 6, "dy": 6}
    layers += words(reference, role="soft", x=alt.value("width"), **place)
    if releases:
        layers = [*release_marks(releases, x), *layers]
    height = 340 if width > NARROW else 280
    left = label_room(scale, axis)
    return apply(layers, width=width, height=height, left=left, right=_BASELINE_LABEL)


def _multiple_values(known: Sequence[Multiple], high: float, named: int) -> list[dict[str, Any]]:
    """Rows of the bars; the last `named` carry their number, of one the last whole quarter."""
    later = [row for row in known if not row.is_baseline] or known[-1:]
    whole = [row for row in later if not row.is_partial]
    labelled = [row.quarter for row in (whole or later if named == 1 else later)[-named:]]
    return [
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


def _whiskers(values: Sequence[Row]) -> list[alt.Chart]:
    """Rules from low to high, on a pale edge that keeps them in sight on their bars."""
    bounded = plot(values).transform_filter("isValid(datum.low)")
    x, y, y2 = SAME_QUARTERS, alt.Y("low:Q"), alt.Y2("high:Q")
    edge = bounded.mark_rule(color=colour("paper"), strokeWidth=3, opacity=0.6, clip=True)
    line = bounded.mark_rule(color=colour("whisker"), strokeWidth=1.2, clip=True)
    faded = {"test": "datum.kind == 'baseline'", "value": 0.4}
    fade = alt.OpacityValue(1, condition=faded)
    return [edge.encode(x=x, y=y, y2=y2), line.encode(x=x, y=y, y2=y2, opacity=fade)]


def multiple_domain(rows: Sequence[Multiple]) -> tuple[float, float]:
    """Return the range of the multiple's axis; one very wide interval does not flatten the rest."""
    values = [row.multiple for row in rows if row.multiple is not None]
    ends = [end for row in rows for end in (row.low, row.high) if end is not None]
    top = max([1.0, *values])
    bottom = min([0.0, *values])
    return max(bottom * 1.1, min([0.0, *ends]) if bottom < 0 else 0.0), max(
        1.25, min(max([top, *ends]) * 1.12, 2 * top)
    )


def companion(
    rows: Sequence[Multiple],
    domain: tuple[float, float],
    width: int,
    quarters: Sequence[str] = (),
) -> Specification:
    """One measure's multiple by quarter as a line with its interval, against the baseline at 1.

    The axis has `quarters`, by default those of the rows.
    """
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
    axis = value_axis(TIMES, ticks=4)
    tips = ("Quarter", "Multiple", "95% interval")
    return line_panel(points, scale, axis, tips, 1.0, width, quarters)


def merge_rate(
    rows: Sequence[MergeRate], width: int, quarters: Sequence[str] = ()
) -> Specification:
    """Share of judged pull requests that merged, by quarter, against the baseline's rate.

    The axis has `quarters`, by default those of the rows.
    """
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
    axis = value_axis(PERCENT, values=[0, 0.5, 1])
    tips = ("Quarter", "Merged", "Rate", "95% interval")
    return line_panel(points, scale, axis, tips, base, width, quarters)


def survival(rows: Sequence[SurvivalPoint], oldest: int, width: int) -> Specification:
    """Share of lines alive by age, on a square-root scale of days, with its interval."""
    points = [
        {
            "age": row.age_days,
            "value": row.survival,
            "low": row.low,
            "high": row.high,
            "Age": f"{fmt.count(row.age_days)} days",
            "Alive": fmt.percent(row.survival),
            "95% interval": fmt.percent_interval(row.low, row.high),
            "Lines at risk": fmt.count(row.at_risk),
        }
        for row in rows
        if row.survival is not None
    ]
    named = [age for age in (0, 30, 90, 365, 1_095, 1_826, 3_652) if age <= oldest]
    x = alt.X(
        "age:Q",
        scale=alt.Scale(type="sqrt", domain=[0, oldest], nice=False),
        axis=alt.Axis(title=None, values=named, labelExpr=_AGE, grid=False),
    )
    scale = alt.Scale(domain=[0, 1], nice=False)
    axis = value_axis(PERCENT, values=[0, 0.5, 1])
    y = alt.Y("value:Q", scale=scale, axis=axis)
    band = (
        plot(points)
        .transform_filter("isValid(datum.low)")
        .mark_area(color=colour("band"))
        .encode(x=x, y=alt.Y("low:Q", scale=scale), y2=alt.Y2("high:Q"))
    )
    line = plot(points).mark_line(color=colour("accent"), strokeWidth=2).encode(x=x, y=y)
    tips = tips_of("Age", "Alive", "95% interval", "Lines at risk")
    places = plot(points).mark_point(filled=True, size=120, opacity=0)
    places = places.encode(x=x, y=y, tooltip=tips)
    return apply([band, line, places], width=width, height=160, left=label_room(scale, axis))


def churn(rows: Sequence[Churn], top: float, width: int, quarters: Sequence[str]) -> Specification:
    """Share of the lines of a quarter that were gone within 30 days, by quarter."""
    points = [
        {
            "quarter": row.quarter,
            "value": row.churn30,
            "low": None,
            "high": None,
            "partial": row.is_partial,
            "Quarter": row.quarter,
            "Gone within 30 days": fmt.percent(row.churn30),
            "Lines written": fmt.count(row.lines_written),
        }
        for row in rows
    ]
    scale = alt.Scale(domain=[0, top or 1], nice=True, clamp=True)
    axis = share_axis(top or 1)
    tips = ("Quarter", "Gone within 30 days", "Lines written")
    return line_panel(points, scale, axis, tips, None, width, quarters)


def share_by_quarter(
    rows: Sequence[tuple[str, float | None, float | None]],
    quarters: Sequence[str],
    top: float,
    partial: str | None,
    names: tuple[str, str],
    width: int,
) -> Specification:
    """One part's share of a quarter's lines, as bars; `rows` are quarter, share (0 to 1), lines.

    `names` are those of share and lines in the tooltip, `top` the largest share on the axis.
    """
    values = [
        {
            "quarter": quarter,
            "value": share,
            "partial": quarter == partial,
            "Quarter": quarter + (", so far" if quarter == partial else ""),
            names[0]: fmt.percent(share),
            names[1]: fmt.count(lines),
        }
        for quarter, share, lines in rows
    ]
    scale = alt.Scale(domain=[0, top or 1], nice=False)
    axis = share_axis(top or 1)
    bars = (
        plot(values)
        .mark_bar(color=colour("declared"))
        .encode(
            x=quarters_axis(quarters, width, panel=True),
            y=alt.Y("value:Q", scale=scale, axis=axis),
            opacity=pale("datum.partial"),
            tooltip=tips_of("Quarter", *names),
        )
    )
    return apply([bars], width=width, height=130, left=label_room(scale, axis))


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
    axis = value_axis(PERCENT, values=[0, 0.25, 0.5, 0.75, 1])
    paints = {
        name: hatch(pattern) if pattern else colour(role) for _, name, role, pattern in AUTHOR_PARTS
    }
    others = {"test": "chosen && datum.part !== chosen", "value": 0.1}
    picked = alt.OpacityValue(1, condition=[others, {"test": "datum.partial", "value": 0.6}])
    bars = (
        plot(values)
        .mark_bar(stroke=colour("paper"), strokeWidth=0.6)
        .encode(
            x=quarters_axis([row.quarter for row in rows], width, room=_SHARE_LABELS),
            y=alt.Y("share:Q", stack="zero", scale=scale, axis=axis),
            order=alt.Order("order:Q"),
            color=paints_of(paints, field="part"),
            opacity=picked,
            tooltip=tips_of("Quarter", "Written by", "Share"),
        )
    )
    height = 340
    labels = _share_labels(known, 16 / (height - 40)) if known else []
    place = plot(labels)
    y = alt.Y("at:Q", scale=scale)
    keys = place.mark_square(size=90, opacity=1, xOffset=12, stroke=None).encode(
        x=alt.value("width"), y=y, color=paints_of(paints, field="part")
    )
    texts = place.mark_text(align="left", dx=22, color=colour("ink")).encode(
        x=alt.value("width"), y=y, text=alt.Text("text:N")
    )
    left = label_room(scale, axis)
    parts = [label["part"] for label in labels]
    return apply(
        [bars, keys, texts],
        width=width,
        height=height,
        left=left,
        right=_SHARE_LABELS,
        parts=parts,
    )


def _kind(is_baseline: bool, is_partial: bool) -> str:
    if is_partial:
        return "partial baseline" if is_baseline else "partial"
    return "baseline" if is_baseline else "later"


def _share_labels(rows: Sequence[Authorship], gap: float) -> list[Row]:
    """Labels of every part drawn, beside the last bar, pushed apart so that none covers another."""
    labels: list[dict[str, Any]] = []
    base = 0.0
    for field, name, _, _ in AUTHOR_PARTS:
        if not any(getattr(row, field) for row in rows):
            continue
        share = getattr(rows[-1], field) or 0.0
        middle = base + share / 2
        at = max(middle, labels[-1]["at"] + gap) if labels else max(middle, gap / 2)
        labels.append({"part": name, "at": at, "text": f"{name} {fmt.percent(share)}"})
        base += share
    ceiling = 1 - gap / 2
    for label in reversed(labels):
        label["at"] = min(label["at"], ceiling)
        ceiling = label["at"] - gap
    return list(labels)
