"""The report: one HTML file that needs nothing but itself.

The page works from its text, tables and still drawings alone. Where scripts run, the one inlined
Vega bundle redraws the charts with tooltips. It stands there compressed, which saves half a
megabyte, and runs as an inline script once it is unpacked: the page's policy allows exactly the
scripts and the style sheet that it holds, by hash, and no connection at all. Vega runs with
`ast: true`, that is with the expression interpreter that Vega-Embed carries, and so needs no
`unsafe-eval`.
"""

from __future__ import annotations

import base64
import functools
import glob
import gzip
import hashlib
import json
import os
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import jinja2
from markupsafe import Markup

from quarterdeck.reports import formats as fmt
from quarterdeck.reports import summary, wording
from quarterdeck.reports.archive import INDEX, Card, archive_name, card_of, cards, keep_others
from quarterdeck.reports.comparison import Comparison, comparison_rows
from quarterdeck.reports.contents import contents
from quarterdeck.reports.drawing import bundle
from quarterdeck.reports.errors import ReportError
from quarterdeck.reports.facts import Facts, read_facts
from quarterdeck.reports.figures import Figure
from quarterdeck.reports.releases import Release
from quarterdeck.reports.theme import hatch_definitions, palette_css
from quarterdeck.sql.connect import connect_read_only

_WRITING_SECONDS: Final = 3600.0  # nobody takes as long to write a report
_TEMPLATES: Final = Path(__file__).parent / "templates"


def write_report(
    database: Path,
    target: Path,
    repository: str | None = None,
    releases: Sequence[Release] = (),
    made_of: str = "",
) -> Path:
    """Write the report of `database` to `target` and return `target`.

    A reader of `target` sees the old report or the new one, never a part of it. With `repository`
    it is on that one alone. `made_of` tells the caller later what it was made of
    (`quarterdeck.reports.provenance`).

    Raises:
        DatabaseError: the database cannot be opened.
        ReportError: it lacks what the report reads, or `target` cannot be written.
    """
    return write_text(render_facts(read(database, repository), releases, made_of), target)


def write_text(text: str, target: Path) -> Path:
    """Write a report, in whatever form, to `target` in one move, and return `target`.

    Raises:
        ReportError: `target` cannot be written.
    """
    temporary = None
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        _sweep(target)
        handle, temporary = tempfile.mkstemp(
            prefix=f".{target.name}.", suffix=".tmp", dir=target.parent
        )
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
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


def _sweep(target: Path) -> None:
    """Remove what killed writers of a report left half-written."""
    for rest in target.parent.glob(f".{glob.escape(target.name)}.*.tmp"):
        with suppress(OSError):  # another writer's that is done now
            if time.time() - rest.stat().st_mtime > _WRITING_SECONDS:
                rest.unlink()


def render(database: Path, repository: str | None = None, releases: Sequence[Release] = ()) -> str:
    """Return the report of `database` as HTML; equal databases give equal bytes.

    Raises:
        DatabaseError: the database cannot be opened.
        ReportError: it lacks what the report reads, or has no such repository.
    """
    return render_facts(read(database, repository), releases)


def read(database: Path, repository: str | None = None) -> Facts:
    """Read what a report says.

    Raises:
        DatabaseError: the database cannot be opened.
        ReportError: it lacks what the report reads, or has no such repository.
    """
    with connect_read_only(database) as connection:
        return read_facts(database, connection, repository)


def render_facts(facts: Facts, releases: Sequence[Release] = (), made_of: str = "") -> str:
    """Return the report of `facts` as HTML."""
    overview, said = facts.overview, contents(facts, releases)
    data = _packed(_specifications(said.figures))
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
            bundle=Markup(_squeezed(vega)),
            charts=Markup(data),
            hatches=Markup(hatch_definitions()),
            overview=overview,
            said=said,
            card=card_of(said),
            made_of=made_of,
            repositories=facts.repositories,
            repositories_title=wording.repositories_title(facts.repositories),
            repositories_table=summary.repositories_table(facts),
            teams=facts.teams,
            teams_table=summary.teams_table(facts),
            quality_title=wording.quality_title(facts.issues, len(summary.stale(facts))),
            issues_table=summary.issues_table(facts),
            stale=summary.stale(facts),
            settings=summary.settings(overview),
            definition=wording.multiple_definition(overview),
            trace=summary.trace_statement(overview, said.quarter),
        )
    )


def render_comparison(said: Comparison) -> str:
    """Return a comparison of two quarters as HTML."""
    style = palette_css() + _TEMPLATES.joinpath("page.css").read_text(encoding="utf-8")
    template = _environment().get_template("comparison.html.j2")
    return template.render(
        policy=_policy([], style), style=Markup(style), said=said, rows=comparison_rows(said)
    )


def render_index(entries: Sequence[Card]) -> str:
    """Return the page that lists archived reports, as HTML."""
    style = palette_css() + _TEMPLATES.joinpath("page.css").read_text(encoding="utf-8")
    template = _environment().get_template("archive.html.j2")
    return template.render(
        policy=_policy([], style), style=Markup(style), entries=entries, card=INDEX
    )


def archive_report(
    database: Path,
    folder: Path,
    repository: str | None = None,
    releases: Sequence[Release] = (),
) -> tuple[Path, Path]:
    """Write the report into `folder` under the day of its data, and renew the folder's index.

    Returns:
        the report and `index.html`, which lists every report in the folder, newest data first.

    Raises:
        DatabaseError: the database cannot be opened.
        ReportError: it lacks what the report reads, has no such repository, a file cannot be
            written, or one that is no report of the same has its place.
    """
    facts = read(database, repository)
    name = archive_name(facts.overview)
    keep_others(folder, facts.overview)
    target = write_text(render_facts(facts, releases), folder / name)
    return target, write_text(render_index(cards(folder)), folder / "index.html")


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


def _packed(value: object) -> str:
    """Return JSON as base64 of gzip, which is a tenth as long and may stand in a script element."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"))
    return _squeezed(text)


@functools.lru_cache(maxsize=2)
def _squeezed(text: str) -> str:
    return base64.b64encode(gzip.compress(text.encode(), mtime=0)).decode()


def _policy(scripts: list[str], style: str) -> str:
    allowed = " ".join(_hash(script) for script in scripts) or "'none'"
    return (
        f"default-src 'none'; script-src {allowed}; style-src {_hash(style)}; "
        "base-uri 'none'; form-action 'none'"
    )


def _hash(text: str) -> str:
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return f"'sha256-{digest}'"
