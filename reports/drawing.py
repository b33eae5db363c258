"""Static drawings: Vega-Lite specifications to SVG that is safe to put inline in one page."""

from __future__ import annotations

import functools
import json
import re
from typing import Any, Final

import vl_convert

_ATTRIBUTES: Final = re.compile(
    r' (?:role|aria-[a-z]+|class|xmlns:xlink|version|font-family|pointer-events)="[^"]*"'
    r'| (?:opacity|stroke-width)="1"| stroke-miterlimit="10"'
)
_EMPTY: Final = re.compile(r'<path d="" display="none"/>')
_LONG_NUMBER: Final = re.compile(r"(\d+\.\d)\d+")
_CLIP: Final = re.compile(r'<clipPath id="(clip\d+)"')
_TEXT_OR_TAG: Final = re.compile(r"<[^>]*>|[^<]+")


def draw(specification: dict[str, Any], prefix: str) -> str:
    """Return the drawing as an `<svg>` element, hidden from screen readers.

    The caller gives the text alternative. Ids start with `prefix`, so that drawings on one page
    do not share clip paths.
    """
    svg = vegalite_to_svg(json.dumps(specification, sort_keys=True))
    # vl-convert numbers clip paths through the life of the process.
    for place, name in enumerate(dict.fromkeys(_CLIP.findall(svg))):
        svg = re.sub(rf'(id="|url\(#){name}(?=["\)])', rf"\g<1>{prefix}-part{place}", svg)
    svg = _TEXT_OR_TAG.sub(_slim, svg)
    svg = _EMPTY.sub("", svg)
    return svg.replace("<svg ", '<svg aria-hidden="true" focusable="false" ', 1)


@functools.lru_cache(maxsize=256)
def vegalite_to_svg(specification: str) -> str:
    """The drawing as vl-convert makes it; one that was drawn is not drawn again."""
    svg: str = vl_convert.vegalite_to_svg(specification)
    return svg


@functools.cache
def bundle() -> str:
    """Return the Vega, Vega-Lite and Vega-Embed scripts as one function, not yet run.

    The result can stand in a `<script>` element: nothing in it ends the element.
    """
    code = vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;")
    code = re.sub(r"</(script)", r"<\\/\1", code, flags=re.IGNORECASE).replace("<!--", "<\\!--")
    return f"window.quarterdeckVega=function(){{{code}\n}};"


def _slim(match: re.Match[str]) -> str:
    """Drop what a picture needs not from a tag; leave text, which may say anything, alone."""
    part = match.group()
    if not part.startswith("<"):
        return part
    return _LONG_NUMBER.sub(r"\1", _ATTRIBUTES.sub("", part))
