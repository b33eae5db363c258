"""The report: one HTML file that needs nothing but itself.

The page works from its text, tables and still drawings alone. Where scripts run, the one inlined
Vega bundle redraws the charts with tooltips. The page's policy allows exactly the scripts and the
style sheet that it holds, by hash, and no connection at all. Vega runs with `ast: true`, that is
with the expression interpreter that Vega-Embed carries, and so needs no `unsafe-eval`.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import jinja2
from markupsafe import Markup

from quarterdeck.reports import formats as fmt
from quarterdeck.reports import summary, wording
from quarterdeck.reports.drawing import bundle
from quarterdeck.reports.errors import ReportError
from quarterdeck.reports.facts import Facts, Multiple, read_facts
from quarterdeck.reports.figures import (
    Figure,
    agents_figure,
    authorship_figure,
    companions_figure,
    file_classes_figure,
    merge_figure,
    multiple_figure,
)
from quarterdeck.reports.lasting import churn_figure, survival_figure
from quarterdeck.reports.theme import hatch_definitions, palette_css
from quarterdeck.sql.connect import connect_read_only

_TEMPLATES: Final = Path(__file__).parent / "templates"


@dataclass(frozen=True)
class Section:
    """A part of the page: its heading, a sentence or two, and its figures."""

    key: str
    heading: str
    text: str
    figures: tuple[Figure, ...]


def write_report(database: Path, target: Path) -> Path:
    """Write the report of `database` to `target` and return `target`.

    A reader of `target` sees the old report or the new one, never a part of it.

    Raises:
        DatabaseError: the database cannot be opened.
        ReportError: it lacks what the report reads, or `target` cannot be written.
    """
    page = render(database)
    temporary = None
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(
            prefix=f".{target.name}.", suffix=".tmp", dir=target.parent
        )
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(page)
        # mkstemp keeps the file to its owner; a report is for others to open.
        umask = os.umask(0)
        os.umask(umask)
        Path(temporary).chmod(0o666 & ~umask)
        Path(temporary).replace(target)
    except OSError as error:
        if temporary is not None:
            Path(temporary).unlink(missing_ok=True)
        raise ReportError(
            f"The report cannot be written ({error.strerror})",
            target,
            "Give a path in a folder that you may write to and that has room.",
        ) from error
    return target


def render(database: Path) -> str:
    """Return the report of `database` as HTML; equal databases give equal bytes.

    Raises:
        DatabaseError: the database cannot be opened.
        ReportError: it lacks what the report reads.
    """
    with connect_read_only(database) as connection:
        facts = read_facts(database, connection)
    return render_facts(facts)


def render_facts(facts: Facts) -> str:
    """Return the report of `facts` as HTML."""
    overview = facts.overview
    whole, partial = _headline(facts)
    quarter = _quarter_in_focus(facts)
    top = multiple_figure(facts, whole or partial)
    sections = _sections(facts, quarter)
    figures = [top, *(figure for section in sections for figure in section.figures)]
    data = _script_json(_specifications(figures))
    style = palette_css() + _TEMPLATES.joinpath("page.css").read_text(encoding="utf-8")
    script = _TEMPLATES.joinpath("page.js").read_text(encoding="utf-8")
    vega = bundle()
    return (
        _environment()
        .get_template("page.html.j2")
        .render(
            policy=_policy([vega, script], style),
            style=Markup(style),
            script=Markup(script),
            bundle=Markup(vega),
            charts=Markup(data),
            hatches=Markup(hatch_definitions()),
            overview=overview,
            lead=wording.lead(overview, whole, partial),
            lead_note=wording.lead_note(whole, partial),
            stats=summary.stats(facts, whole or partial, quarter),
            top=top,
            sections=sections,
            repositories=facts.repositories,
            repositories_title=wording.repositories_title(facts.repositories),
            repositories_table=summary.repositories_table(facts),
            teams=facts.teams,
            teams_table=summary.teams_table(facts),
            quality_title=wording.quality_title(facts.issues, len(summary.stale(facts))),
            issues_table=summary.issues_table(facts),
            stale=summary.stale(facts),
            settings=summary.settings(overview),
            quarter=quarter,
            definition=wording.multiple_definition(overview),
            trace=summary.trace_statement(quarter),
        )
    )


def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=True,
    )
    environment.filters.update(
        count=fmt.count,
        percent=fmt.percent,
        times=fmt.times,
        interval=lambda row: fmt.times_interval(row.low, row.high),
        svg=Markup,
        missing=lambda value: fmt.MISSING if value in (None, "") else value,
    )
    return environment


def _headline(facts: Facts) -> tuple[Multiple | None, Multiple | None]:
    """Return the shipped-code multiple of the latest whole quarter and of the partial one."""
    rows = [row for row in facts.multiples if row.measure == "code_lines"]
    overview = facts.overview
    whole = next((row for row in rows if row.quarter == overview.last_whole_quarter), None)
    partial = next(
        (row for row in rows if row.quarter == overview.last_quarter and row.is_partial), None
    )
    return whole, partial


def _quarter_in_focus(facts: Facts) -> str | None:
    return facts.overview.last_whole_quarter or facts.overview.last_quarter


def _sections(facts: Facts, quarter: str | None) -> tuple[Section, ...]:
    lasting = tuple(
        figure for figure in (survival_figure(facts), churn_figure(facts)) if figure is not None
    )
    sections = (
        Section(
            "shipped",
            "Shipped code",
            "Volume alone can mislead: more lines may come with more deletions, or in larger "
            "changes. The same comparison with the baseline, by other measures.",
            (companions_figure(facts),),
        ),
        Section(
            "authors",
            "Who wrote it",
            "Authorship is counted from evidence: records by line, identities, trailers, text.",
            (authorship_figure(facts), agents_figure(facts, quarter)),
        ),
        Section(
            "lasting",
            "Does it last",
            "What became of the code lines after they landed. A line that only moved, or changed "
            "its white space, lives on.",
            lasting,
        ),
        Section(
            "success",
            "Success",
            "How many of the pull requests opened in a quarter were merged.",
            (merge_figure(facts, quarter),),
        ),
        Section(
            "where",
            "Where",
            "Which files and repositories the landed lines went to.",
            (file_classes_figure(facts, quarter),),
        ),
    )
    return tuple(section for section in sections if section.figures)


def _specifications(figures: list[Figure]) -> dict[str, Any]:
    """Return what the script draws from: specifications by panel and size, sharing their data.

    Altair names each data set by its content, so those of all charts can stand in one place.
    """
    datasets: dict[str, Any] = {}
    config: dict[str, Any] = {}
    charts: dict[str, dict[str, Any]] = {}
    for panel in (panel for figure in figures for panel in figure.panels):
        sizes = charts.setdefault(panel.key, {})
        for drawing in panel.drawings:
            own = dict(drawing.specification)
            datasets |= own.pop("datasets", {})
            config = own.pop("config")
            sizes[drawing.size] = own
    return {"charts": charts, "datasets": datasets, "config": config}


def _script_json(value: object) -> str:
    """Return JSON that may stand in a script element, whatever its strings hold."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")


def _policy(scripts: list[str], style: str) -> str:
    allowed = " ".join(_hash(script) for script in scripts)
    return (
        f"default-src 'none'; script-src {allowed}; style-src {_hash(style)}; "
        "base-uri 'none'; form-action 'none'"
    )


def _hash(text: str) -> str:
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return f"'sha256-{digest}'"
