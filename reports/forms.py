"""The report in other forms: Markdown for a chat, JSON for a program, a picture for each chart."""

from __future__ import annotations

import datetime as dt
import json
import re
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import vl_convert

from quarterdeck.reports import summary, wording
from quarterdeck.reports.comparison import Comparison, comparison_rows
from quarterdeck.reports.contents import Contents
from quarterdeck.reports.errors import ReportError
from quarterdeck.reports.figures import Panel
from quarterdeck.reports.tables import Table
from quarterdeck.reports.theme import FONT, PALETTE, hatch_definitions

#: Rows of a table in Markdown: the newest. The rest stands in the page and the database.
ROWS_SHOWN: Final = 6
_PIXELS: Final = 2  # of a PNG, for each of the drawing
_MARKS: Final = re.compile(r"([\\`*_{}\[\]<>#|~])")
_VARIABLE: Final = re.compile(r"var\(--qd-([a-z]+)\)")
_TAG: Final = re.compile(r"(<[^>]*>)")
_SIZE: Final = re.compile(r'<svg [^>]*?width="([\d.]+)" height="([\d.]+)"[^>]*>')


def as_markdown(said: Contents) -> str:
    """Return the report as Markdown that GitHub, GitLab and most chats show as it is meant.

    Text from repositories is escaped, and nobody is notified by an `@name` in it.
    """
    overview = said.facts.overview
    lead = "".join(piece.text for piece in said.lead)
    lines = [f"## {_escaped(said.title)}", "", _escaped(lead)]
    if said.lead_note:
        lines += ["", _escaped(said.lead_note)]
    lines += ["", "| | value | bounds | n | change |", "| --- " * 5 + "|"]
    for stat in said.stats:
        label = f"{stat.label}, {stat.quarter}" if stat.quarter else stat.label
        cells = (label, f"**{stat.value}**", stat.bounds, stat.n, stat.change)
        lines.append("| " + " | ".join(_cell(cell) for cell in cells) + " |")
    lines += _figure(said.top.title, said.top.empty, said.top.table)
    for section in said.sections:
        lines += ["", f"### {section.heading}"]
        for figure in section.figures:
            lines += _figure(figure.title, figure.empty, None)
    issues = summary.issues_table(said.facts)
    stale = len(summary.stale(said.facts))
    lines += ["", "### Data quality", "", _escaped(wording.quality_title(said.facts.issues, stale))]
    if issues.rows:
        lines += ["", *_rows(issues, len(issues.rows))]
    facts = [
        f"data to {overview.cutoff}" if overview.cutoff else None,
        f"baseline {overview.baseline_label}" if overview.baseline_label else None,
        f"definition {overview.preset}" if overview.preset else None,
        f"Quarterdeck {overview.version}",
    ]
    lines += ["", _escaped("; ".join(filter(None, facts)))]
    return "\n".join(lines) + "\n"


def comparison_markdown(said: Comparison) -> str:
    """Return a comparison as Markdown."""
    names = [("", "---")]
    for quarter in (said.first, said.second):
        names += [(quarter, "---:"), ("95% or bounds", "---:"), ("n", "---:")]
    names += [("difference", "---:")]
    lines = [f"## {_escaped(said.title)}", ""]
    table = [[name for name, _ in names], [rule for _, rule in names]]
    lines += ["| " + " | ".join(line) + " |" for line in table]
    for row in comparison_rows(said):
        lines.append("| " + " | ".join(_escaped(cell) for cell in row) + " |")
    return "\n".join([*lines, "", said.note]) + "\n"


def as_json(said: Contents) -> str:
    """Return every number of the report, and the sentences made from them, as one JSON object.

    Missing is null. Keys are those of `reports.facts`; settings only those that the page prints.
    """
    numbers = asdict(said.facts)
    numbers["overview"]["settings"] = dict(summary.settings(said.facts.overview))
    found = {
        "title": said.title,
        "lead": "".join(piece.text for piece in said.lead),
        "quarter": said.quarter,
        "key_figures": [asdict(stat) for stat in said.stats],
        "findings": {f.key: f.title or f.empty for f in said.figures},
        **numbers,
    }
    text = json.dumps(found, indent=2, sort_keys=True, default=_plain, allow_nan=False)
    return text + "\n"


def write_images(said: Contents, folder: Path) -> list[Path]:
    """Write `CHART.svg` and `CHART.png` for every chart, in light colours on white.

    Returns:
        the files, in the order of the page.

    Raises:
        ReportError: the folder cannot be written.
    """
    panels = [panel for figure in said.figures for panel in figure.panels]
    written = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for panel in panels:
            svg = _standing_alone(panel)
            for name, content in (
                (f"{panel.key}.svg", svg.encode()),
                (f"{panel.key}.png", vl_convert.svg_to_png(svg, scale=_PIXELS)),
            ):
                (folder / name).write_bytes(content)
                written.append(folder / name)
    except OSError as error:
        raise ReportError(
            f"The charts cannot be written ({error.strerror})",
            folder,
            "Name a folder that you may write to and that has room.",
        ) from error
    return written


def _standing_alone(panel: Panel) -> str:
    """The drawing with its own colours, font, ground and text alternative."""
    svg = panel.drawings[0].svg
    found = _SIZE.match(svg)
    assert found is not None, "vl-convert writes the size first"
    width, height = found.groups()
    hatches = hatch_definitions()
    patterns = hatches[hatches.index("<defs>") : hatches.index("</svg>")]
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" font-family="{FONT}" role="img">'
        f"<title>{_xml(panel.title or panel.key)}</title><desc>{_xml(panel.alt)}</desc>{patterns}"
        '<rect width="100%" height="100%" fill="var(--qd-paper)"/>'
    )
    parts = _TAG.split(head + svg[found.end() :])
    parts[1::2] = [_VARIABLE.sub(lambda match: PALETTE[match[1]][0], tag) for tag in parts[1::2]]
    return "".join(parts)


def _figure(title: str | None, empty: str | None, rows: Table | None) -> list[str]:
    lines = ["", _escaped(title or empty or "")] if title or empty else []
    if rows is not None and rows.rows:
        lines += ["", *_rows(rows, ROWS_SHOWN)]
        if len(rows.rows) > ROWS_SHOWN:
            lines += ["", f"The newest {ROWS_SHOWN} of {len(rows.rows)} rows."]
    return lines


def _rows(table: Table, shown: int) -> list[str]:
    """The last rows of a table, without columns that are empty in all of them."""
    cells = table.cells()[-shown:]
    held = [i for i, _ in enumerate(table.columns) if any(row[i] != "–" for row in cells)]
    names = [_cell(table.columns[i].name) for i in held]
    kinds = ["---" if table.columns[i].kind == "text" else "---:" for i in held]
    return [
        "| " + " | ".join(line) + " |"
        for line in (names, kinds, *([_cell(row[i]) for i in held] for row in cells))
    ]


def _cell(text: str) -> str:
    bold = text.startswith("**") and text.endswith("**") and len(text) > 4
    return f"**{_escaped(text[2:-2])}**" if bold else _escaped(text)


def _escaped(text: str) -> str:
    """Text without meaning for Markdown, on one line; a word joiner keeps `@name` from a person."""
    flat = " ".join(text.split())
    return _MARKS.sub(r"\\\1", flat).replace("@", "@\u2060")


def _xml(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _plain(value: Any) -> str:
    if isinstance(value, dt.date):
        return value.isoformat()
    raise TypeError(type(value).__name__)
