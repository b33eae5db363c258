"""Static drawings: Vega-Lite specifications to SVG that is safe to put inline in one page."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import json
import os
import re
import tempfile
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import vl_convert

_ATTRIBUTES: Final = re.compile(
    r' (?:role|aria-[a-z]+|class|xmlns:xlink|version|font-family|pointer-events)="[^"]*"'
    r'| (?:opacity|stroke-width)="1"| stroke-miterlimit="10"| [xy]2="0"'
)
#: Grounds of plots and axes, which have neither fill nor line, and what only a pointer finds.
_UNSEEN: Final = re.compile(
    r'<path d="(?:M0,0h[\d.]+v[\d.]+h[-\d.]*Z)?"(?: display="none")?/>'
    r'|<[a-z]+ [^>]* opacity="0"/>|<g(?: [^>]*)?/>'
)
_EMPTY: Final = re.compile(r"<g(?: [^>]*)?></g>")
_ALIKE: Final = re.compile(r'<path d="[^"]*"([^>]*)/>(?:<path d="[^"]*"\1/>)+')
_OUTLINE: Final = re.compile(r'd="([^"]*)"')
_SIBLINGS: Final = re.compile(
    r"<g>((?:<(?:line|path) [^>]*/>){2,}|(?:<text [^>]*>[^<]*</text>){2,})</g>"
)
_HANDED_DOWN: Final = re.compile(
    r' (?:fill|stroke|stroke-width|stroke-dasharray|text-anchor|font-size|font-weight)="[^"]*"'
)
_LONG_NUMBER: Final = re.compile(r"(\d+)(?:(\.[1-9])|\.0)\d*")
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
    while (less := _EMPTY.sub("", svg)) != svg:
        svg = less
    svg = _without_bare_groups(_SIBLINGS.sub(_handed_down, _ALIKE.sub(_joined, svg)))
    return svg.replace("<svg ", '<svg aria-hidden="true" focusable="false" ', 1)


@functools.lru_cache(maxsize=1024)
def vegalite_to_svg(specification: str) -> str:
    """The drawing as vl-convert makes it; one that was drawn is not drawn again."""
    svg: str = vl_convert.vegalite_to_svg(specification)
    return svg


@functools.cache
def bundle() -> str:
    """Return the Vega, Vega-Lite and Vega-Embed scripts as one function, not yet run.

    The result can stand in a `<script>` element: nothing in it ends the element.
    """
    code = _kept(f"vega-{version('vl-convert-python')}.js", _bundled)
    code = re.sub(r"</(script)", r"<\\/\1", code, flags=re.IGNORECASE).replace("<!--", "<\\!--")
    return f"window.quarterdeckVega=function(){{{code}\n}};"


def _bundled() -> str:
    code: str = vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;")
    return code


def _kept(name: str, make: Callable[[], str]) -> str:
    """What `make` returns, from the user's cache if it stands there whole; else it is put there.

    Bundling takes seconds and gives the same for one version of vl-convert. A cache that cannot
    be read or written is done without.
    """
    root = os.environ.get("XDG_CACHE_HOME") or f"{os.environ.get('HOME', '/nonexistent')}/.cache"
    path = Path(root) / "quarterdeck" / name
    try:
        digest, _, text = path.read_text(encoding="utf-8").partition("\n")
    except (OSError, UnicodeDecodeError):
        digest, text = "", ""
    if text and digest == _digest(text):
        return text
    text = make()
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with tempfile.NamedTemporaryFile(
            "w", encoding="utf-8", newline="\n", dir=path.parent, delete=False
        ) as file:
            file.write(f"{_digest(text)}\n{text}")
        Path(file.name).replace(path)
    return text


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _slim(match: re.Match[str]) -> str:
    """Drop what a picture needs not from a tag; leave text, which may say anything, alone."""
    part = match.group()
    if not part.startswith("<"):
        return part
    return _UNSEEN.sub("", _LONG_NUMBER.sub(r"\1\2", _ATTRIBUTES.sub("", part)))


def _joined(match: re.Match[str]) -> str:
    """One outline for bars side by side that look alike."""
    return f'<path d="{"".join(_OUTLINE.findall(match.group()))}"{match[1]}/>'


def _handed_down(match: re.Match[str]) -> str:
    """What all of a group have in common stands on the group."""
    tags = [tag for tag in _TEXT_OR_TAG.findall(match[1]) if tag.startswith(("<l", "<p", "<t"))]
    common = set.intersection(*(set(_HANDED_DOWN.findall(tag)) for tag in tags))
    inner = _TEXT_OR_TAG.sub(lambda part: _without(part.group(), common), match[1])
    return f"<g{''.join(sorted(common))}>{inner}</g>"


def _without(part: str, attributes: set[str]) -> str:
    if part.startswith("<"):
        for attribute in attributes:
            part = part.replace(attribute, "", 1)
    return part


def _without_bare_groups(svg: str) -> str:
    """Groups that say nothing of what is in them are no groups."""
    kept, told = [], []
    for part in _TEXT_OR_TAG.findall(svg):
        if part.startswith(("<g>", "<g ")):
            told.append(part != "<g>")
        if part == "<g>" or (part == "</g>" and not told.pop()):
            continue
        kept.append(part)
    return "".join(kept)
