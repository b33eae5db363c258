"""One look for every chart: type, colours and hatches, light and dark.

Charts name colours by role as CSS custom properties (`var(--qd-model)`), which stand in the SVG
as they are. So one drawing follows the reader's light, dark or print setting, and the values are
kept in one place, `PALETTE`, from which the page's style sheet is made. Hues keep apart for
colour-blind readers (blue against orange), and every pair also differs in lightness, hatch, dash,
position or label.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Sequence
from typing import Any, Final

import altair as alt
from altair.utils import schemapi

# Fonts of Arial's widths first: the static drawings are laid out with those.
FONT: Final = "'Helvetica Neue', Helvetica, Arial, 'Liberation Sans', sans-serif"

# role: (light, dark)
PALETTE: Final[dict[str, tuple[str, str]]] = {
    "paper": ("#ffffff", "#14171c"),
    "panel": ("#f5f6f7", "#1c2027"),
    "ink": ("#1a1d22", "#eceef1"),
    "soft": ("#565d68", "#a6aeba"),
    "line": ("#dcdfe4", "#333a44"),
    "accent": ("#14598c", "#5ba8e0"),
    "past": ("#b4bcc6", "#56606d"),
    "whisker": ("#1a1d22", "#eceef1"),
    "attested": ("#0d3f66", "#2f7fbd"),
    "declared": ("#2a78b5", "#6fb6ea"),
    "indicated": ("#94c1e4", "#b5daf6"),
    "human": ("#c98443", "#d79a5c"),
    "automation": ("#7a6a92", "#a99bc4"),
    "undeclared": ("#9aa1ab", "#7c8591"),
    "band": ("#cfe0ee", "#24415a"),
    "alert": ("#9c3a1f", "#f0a184"),
}

# hatch: (line colour, ground colour, line angle in degrees, gap in pixels, line width in pixels)
HATCHES: Final[dict[str, tuple[str, str, int, int, float]]] = {
    "partial": ("accent", "paper", 45, 6, 2.6),
    "partial-past": ("past", "paper", 45, 6, 2.6),
    "undeclared": ("undeclared", "paper", -45, 5, 1.4),
}


def colour(role: str) -> str:
    """Return the CSS value for a colour role of `PALETTE`."""
    if role not in PALETTE:
        raise KeyError(role)
    return f"var(--qd-{role})"


def hatch(name: str) -> str:
    """Return the SVG paint for a hatch of `HATCHES`; the page must hold `hatch_definitions()`."""
    if name not in HATCHES:
        raise KeyError(name)
    return f"url(#qd-hatch-{name})"


def palette_css() -> str:
    """Return the custom properties: light by default, dark on screens that ask for it."""
    light = "".join(f"--qd-{role}:{pair[0]};" for role, pair in PALETTE.items())
    dark = "".join(f"--qd-{role}:{pair[1]};" for role, pair in PALETTE.items())
    return (
        f":root{{color-scheme:light dark;{light}}}\n"
        f"@media screen and (prefers-color-scheme:dark){{:root{{{dark}}}}}\n"
    )


def hatch_definitions() -> str:
    """Return the one hidden SVG that holds the hatch patterns of the page."""
    patterns = "".join(
        f'<pattern id="qd-hatch-{name}" width="{gap}" height="{gap}" patternUnits="userSpaceOnUse"'
        f' patternTransform="rotate({angle})"><rect width="{gap}" height="{gap}"'
        f' fill="{colour(ground)}"/><rect width="{width}" height="{gap}" fill="{colour(line)}"/>'
        "</pattern>"
        for name, (line, ground, angle, gap, width) in HATCHES.items()
    )
    return (
        '<svg class="definitions" width="0" height="0" aria-hidden="true" focusable="false">'
        f"<defs>{patterns}</defs></svg>"
    )


def apply(
    layers: Sequence[alt.Chart],
    *,
    width: int,
    height: int,
    left: int = 2,
    right: int = 10,
    bottom: int = 24,
    parts: Sequence[str] = (),
) -> dict[str, Any]:
    """Return the Vega-Lite specification of charts laid one over the other, in the house style.

    All sizes are pixels. `width` and `height` are of the whole drawing; `left`, `right` and
    `bottom` is the room beside the plot for its labels. It is given, not found out by Vega, which
    would lay out every chart twice for it; so the plots of panels side by side are alike, too.
    Of `parts` a reader may pick one out: its name is then in the parameter `chosen`.
    The layers are put together here: `alt.layer` copies each of them four times over.
    """
    top = 8
    context: dict[str, Any] = {"top_level": False, "datasets": {}}
    made = [layer.to_dict(validate=schemapi.DEBUG_MODE, context=context) for layer in layers]
    picking = {"params": [{"name": "chosen", "value": ""}], "usermeta": {"parts": list(parts)}}
    return {
        **(picking if parts else {}),
        "$schema": alt.SCHEMA_URL,
        "autosize": {"type": "none"},
        "padding": {"left": left, "right": right, "top": top, "bottom": bottom},
        "width": width - left - right,
        "height": height - top - bottom,
        "layer": made,
        "datasets": {name: json.loads(text) for name, text in context["datasets"].items()},
        "config": _config(),
    }


@functools.cache
def _config() -> dict[str, Any]:
    config: dict[str, Any] = alt.Config(
        aria=False,
        background="transparent",
        font=FONT,
        view=alt.ViewConfig(stroke=None),
        axis=alt.AxisConfig(
            domain=False,
            ticks=False,
            labelColor=colour("soft"),
            labelFontSize=12,
            labelPadding=6,
            gridColor=colour("line"),
            title=None,
        ),
        text=alt.MarkConfig(color=colour("ink"), fontSize=12),
    ).to_dict()
    return config
