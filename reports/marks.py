"""What charts are made of: data, axes, paints, tooltips, and the small panel of a line."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

import altair as alt

from quarterdeck.reports.theme import apply, colour

Specification = dict[str, Any]
Row = Mapping[str, Any]


# Layers share their scales and axes: the first one describes them, the others need not again.
SAME_QUARTERS: Final = alt.X("quarter:O", scale=alt.Scale(type="band"))


def plot(rows: Sequence[Row]) -> alt.Chart:
    """Return a chart of `rows`, which go into the specification as they are.

    Altair gets them as JSON text, which it need not copy for each layer; `apply` reads it back.
    Numbers have the six digits that a picture can show; tables have them all.
    """
    values = [{name: _drawn(value) for name, value in row.items()} for row in rows]
    return alt.Chart(alt.InlineData(values=json.dumps(values)))


def _drawn(value: Any) -> Any:
    return float(f"{value:.6g}") if isinstance(value, float) else value


def line_panel(
    points: Sequence[Row],
    scale: alt.Scale,
    axis: alt.Axis,
    tips: tuple[str, ...],
    reference: float | None,
    width: int,
    quarters: Sequence[str] = (),
) -> Specification:
    """Return a small line with its interval, a dashed reference, and its last points marked.

    The axis has `quarters`, by default those of the points; where one has no value, the line is
    broken. Each point has quarter, value, low,
    high, partial, and a text for each field of `tips`.
    """
    names = list(quarters) or [point["quarter"] for point in points]
    x = quarters_axis(names, width, panel=True)
    known = [point for point in points if point["value"] is not None]
    whole = [point for point in known if not point["partial"]]
    drawn = plot(_with_gaps(known, names))
    layers = [
        drawn.mark_area(color=colour("band"), clip=True).encode(
            x=x, y=alt.Y("low:Q", scale=scale, axis=axis), y2=alt.Y2("high:Q")
        )
    ]
    x, y = SAME_QUARTERS, alt.Y("value:Q")
    if reference is not None:
        layers.append(reference_line(reference, scale))
    layers.append(drawn.mark_line(color=colour("accent"), strokeWidth=2).encode(x=x, y=y))
    lone = [row for row in _lone(known, names) if row not in whole[-1:]]
    if lone:
        layers.append(
            plot(lone).mark_point(filled=True, color=colour("accent"), size=14).encode(x=x, y=y)
        )
    for row, fill in ((whole[-1:], "accent"), ([p for p in known if p["partial"]], "paper")):
        layers.append(
            plot(row)
            .mark_point(filled=True, fill=colour(fill), stroke=colour("accent"), size=50, opacity=1)
            .encode(x=x, y=y)
        )
    layers.append(
        drawn.transform_filter("isValid(datum.value)")
        .mark_point(filled=True, size=260, opacity=0)
        .encode(x=x, y=y, tooltip=tips_of(*tips))
    )
    return apply(layers, width=width, height=160, left=label_room(scale, axis))


def _with_gaps(known: Sequence[Row], quarters: Sequence[str]) -> list[Row]:
    """A row for each quarter, without value where none is known; no band where it is partial."""
    by_quarter = {row["quarter"]: row for row in known}
    missing = {"value": None, "low": None, "high": None}
    return [
        {**found, "low": None if found["partial"] else found["low"]}
        if (found := by_quarter.get(quarter))
        else {"quarter": quarter, **missing}
        for quarter in dict.fromkeys(quarters)
    ]


def _lone(known: Sequence[Row], quarters: Sequence[str]) -> list[Row]:
    """The points that no line reaches, for the quarters beside them have no value."""
    places = {quarter: place for place, quarter in enumerate(dict.fromkeys(quarters))}
    at = {places[row["quarter"]]: row for row in known if row["quarter"] in places}
    return [row for place, row in at.items() if not {place - 1, place + 1} & at.keys()]


def quarters_axis(
    quarters: Sequence[str], width: int, *, panel: bool = False, room: int = 0
) -> alt.X:
    """Quarters from left to right: every one named if there is room, else the years."""
    domain = list(dict.fromkeys(quarters))
    wide = 8 * max(len(quarter) for quarter in domain) + 14 if domain else 62
    if (panel and len(domain) > 3) or len(domain) * wide > width - room:
        named = [quarter for quarter in domain if quarter.endswith("Q1")] or domain[:1]
        room_for = max((width - room) // (wide - 16), 1)
        step = -(-len(named) // room_for)
        named = named[::step]
        expression = "slice(datum.value, 0, -2)"
    else:
        named = domain
        expression = "slice(datum.value, 0, -2) + ' ' + slice(datum.value, -2)"
    return alt.X(
        "quarter:O",
        scale=alt.Scale(type="band", domain=domain, paddingInner=0.22, paddingOuter=0.1),
        axis=alt.Axis(
            title=None,
            values=named,
            labelExpr=expression,
            labelAngle=0,
            labelOverlap="parity",
            labelSeparation=7,
            grid=False,
        ),
    )


def value_axis(expression: str, *, ticks: int = 5, values: list[float] | None = None) -> alt.Axis:
    """Return an axis whose labels are the Vega `expression`, at about `ticks` or at `values`."""
    return alt.Axis(
        title=None,
        labelExpr=expression,
        tickCount=ticks,
        values=alt.Undefined if values is None else values,
    )


def share_axis(top: float, ticks: int = 3) -> alt.Axis:
    """Return an axis of shares from 0 to `top`, as percent with the decimals its ticks need."""
    decimals = min(max(-math.floor(math.log10(top / ticks)) - 2, 0), 6)
    return value_axis(f"format(datum.value, '.{decimals}%')", ticks=ticks)


def label_room(scale: alt.Scale, axis: alt.Axis) -> int:
    """Return the room (pixels) that the labels of a vertical axis of percent or ratios take."""
    low, high = min(scale.domain), max(scale.domain)
    if "%" in axis.labelExpr:
        longest = 3 + int(axis.labelExpr.partition("'.")[2][0])
    else:
        longest = len(f"{high:.0f}") + 2 * (high < 10) + (low < 0) + 1
        if scale.type == "log":
            longest = max(len(f"{value:g}") for value in axis["values"]) + 1
    return 10 + 7 * max(longest, 4)


def log_ticks(low: float, high: float, most: int = 6) -> list[float]:
    """Return round values from `low` to `high` (both above 0) for a logarithmic axis."""
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    for steps, stride in (((1, 2, 5), 1), ((1,), 1), ((1,), 2), ((1,), 3)):
        powers = [power for power in decades if power % stride == 0]
        ticks = [step * 10.0**power for power in powers for step in steps]
        ticks = [float(f"{tick:.6g}") for tick in ticks if low <= tick <= high]
        if len(ticks) <= most:
            break
    return ticks


def paints_of(paints: Mapping[str, str], field: str = "kind") -> alt.Color:
    """Return the colours of `field` as they stand in `paints`, without a legend."""
    return alt.Color(
        f"{field}:N",
        scale=alt.Scale(domain=list(paints), range=list(paints.values())),
        legend=None,
    )


def pale(test: str) -> alt.OpacityValue:
    """Return an opacity that fades what the Vega expression `test` picks."""
    return alt.OpacityValue(1, condition={"test": test, "value": 0.6})


def tips_of(*fields: str) -> list[alt.Tooltip]:
    """Return tooltips of fields that hold text ready to show."""
    return [alt.Tooltip(field=field, type="nominal") for field in fields]


def reference_line(value: float, scale: alt.Scale) -> alt.Chart:
    """Return a dashed line across the plot at `value`."""
    line: alt.Chart = (
        plot([{"reference": value}])
        .mark_rule(color=colour("ink"), strokeWidth=1, strokeDash=[4, 3])
        .encode(y=alt.Y("reference:Q", scale=scale))
    )
    return line


def words(
    places: alt.Chart, *, role: str = "ink", x: Any = SAME_QUARTERS, **look: Any
) -> list[alt.Chart]:
    """Return `label` at `x` and `top`, on an edge of paper that keeps lines off the words."""
    y, text = alt.Y("top:Q"), alt.Text("label:N")
    edge = places.mark_text(stroke=colour("paper"), strokeWidth=4, strokeJoin="round", **look)
    ink = places.mark_text(color=colour(role), **look)
    return [edge.encode(x=x, y=y, text=text), ink.encode(x=x, y=y, text=text)]


def release_marks(releases: Sequence[tuple[str, str]], x: alt.X) -> list[alt.Chart]:
    """Return a dotted line and letters at the top for each quarter with releases."""
    places = plot([{"quarter": quarter, "letters": letters} for quarter, letters in releases])
    line = places.mark_rule(color=colour("soft"), strokeDash=[1, 3])
    letters = places.mark_text(baseline="bottom", dy=-1, fontSize=11, color=colour("soft"))
    top = alt.value(0)
    return [
        line.encode(x=x, y=alt.value(0), y2=alt.value("height")),
        letters.encode(x=x, y=top, text=alt.Text("letters:N")),
    ]
