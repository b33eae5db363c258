"""Figures on where the code landed: repositories, teams, classes of file, languages."""

from __future__ import annotations

from collections.abc import Sequence

from quarterdeck.reports import charts, wording
from quarterdeck.reports import formats as fmt
from quarterdeck.reports.charts import PANEL
from quarterdeck.reports.facts import PLACES_SHOWN, Facts, Multiple
from quarterdeck.reports.figures import Figure, Panel, beyond, small
from quarterdeck.reports.place_facts import PlaceQuarter
from quarterdeck.reports.tables import Columns, table

_KINDS = {"repository": "repositories", "team": "teams"}
#: What the marts call the work of people who are in no team.
_NO_TEAM = "(no team)"
#: What the marts call the language of files that neither name nor ending tells.
_UNKNOWN = "not known"
#: A language with less than this share in every quarter is in the table alone.
_LEAST = 0.01
_ADDED = ("Share of added lines", "Added lines")
Shares = Sequence[tuple[str, float | None, float | None]]


def places_figure(facts: Facts, kind: str, quarter: str | None) -> Figure | None:
    """The multiple of each repository or team, on one scale; None where there are not two."""
    rows = [row for row in facts.places if row.kind == kind]
    series = {
        name: [row for row in rows if row.name == name]
        for name in dict.fromkeys(row.name for row in rows)
    }
    series = {
        name: own for name, own in series.items() if any(row.multiple is not None for row in own)
    }
    if len(series) < 2:
        return None
    lines = {name: [_multiple(row) for row in own] for name, own in series.items()}
    quarters = sorted({row.quarter for own in series.values() for row in own})
    domain = charts.multiple_domain([row for own in lines.values() for row in own])
    panels = tuple(
        small(
            f"{kind}-{index}",
            f"Line chart. {name}, shipped-code multiple by quarter against its own baseline: "
            f"{wording.multiples_text(own)}.",
            charts.companion(own, domain, PANEL, quarters),
            title=name,
            value=fmt.times(now.multiple if now else None),
            note=_note(now, quarter),
        )
        for index, (name, own) in enumerate(lines.items())
        for now in [next((row for row in series[name] if row.quarter == quarter), None)]
    )
    columns: Columns = (
        ("Name", "text"), ("Quarter", "text"), ("Landed changes", "count"), ("Multiple", "ratio"),
        ("Interval low", "ratio"), ("Interval high", "ratio"), ("Contributors (n)", "count"),
        ("Model share", "share"), ("Why missing", "text"),
    )  # fmt: skip
    values = [
        (
            r.name, r.quarter, r.landed_changes, r.multiple, r.low, r.high, r.n, r.model_share,
            r.reason,
        )
        for own in series.values()
        for r in own
    ]  # fmt: skip
    whole = len(facts.repositories) if kind == "repository" else len(facts.teams)
    what = _KINDS[kind] if whole <= len(series) else f"of the largest {_KINDS[kind]}"
    rest = (
        f" The {len(series)} with the most code lines, of {whole}." if whole > len(series) else ""
    )
    return Figure(
        f"places-{kind}",
        _places_title(series, what, quarter),
        panels,
        (
            "Each against its own baseline, all on one scale."
            f"{rest} Shaded: 95% interval. Dashed: baseline. Open circle: quarter not finished."
            f"{beyond([row for own in lines.values() for row in own], domain)}",
        ),
        table(f"{_KINDS[kind]}_by_quarter", f"Multiple of {_KINDS[kind]}", columns, values),
        is_grid=True,
    )


def file_classes_figure(facts: Facts, quarter: str | None) -> Figure:
    """Share of added lines by class of file, the classes with the most lines first."""
    with_lines = {row.file_class for row in facts.file_classes if row.added}
    rows = [row for row in facts.file_classes if row.share is not None]
    rows = [row for row in rows if row.file_class in with_lines]
    now = [row for row in rows if row.quarter == quarter]
    if not now:
        return Figure("classes", None, empty=f"No line was added in {quarter or 'any quarter'}.")
    names = list(dict.fromkeys(row.file_class for row in [*now, *rows]))[:PLACES_SHOWN]
    series: dict[str, Shares] = {
        name: [(r.quarter, r.share, r.added) for r in rows if r.file_class == name]
        for name in names
    }
    columns: Columns = (
        ("Quarter", "text"), ("Class", "text"), ("Added lines", "count"),
        ("Deleted lines", "count"), ("Files", "count"), ("Share of added lines", "share"),
    )  # fmt: skip
    values = [
        (r.quarter, r.file_class, r.added, r.deleted, r.files, r.share) for r in facts.file_classes
    ]
    return Figure(
        "classes",
        wording.file_classes_title(now, facts.overview),
        _share_panels("class", series, facts, quarter),
        _share_notes(facts, quarter, "added lines"),
        table("file_classes_by_quarter", "Changed lines by class of file", columns, values),
        is_grid=True,
    )


def languages_figure(facts: Facts, quarter: str | None) -> Figure | None:
    """Share of added code lines by language, the largest and all others; None without any."""
    rows = [row for row in facts.languages if row.share is not None]
    names = list(dict.fromkeys(row.language for row in rows))
    if not names:
        return None
    series: dict[str, Shares] = {
        name: [(r.quarter, r.share, r.added) for r in rows if r.language == name] for name in names
    }
    drawn = {
        name: own for name, own in series.items() if any((s or 0) >= _LEAST for _, s, _ in own)
    }
    now = [row for row in rows if row.quarter == quarter and row.share]
    named = [row for row in now if not row.is_other and row.language != _UNKNOWN]
    most = max(named, key=lambda row: (row.share or 0, row.language), default=None)
    title = None
    if most is not None:
        title = f"{fmt.percent(most.share)} of code lines added in {quarter} were {most.language}"
        languages = sum(row.languages for row in now if row.language != _UNKNOWN)
        title += f", of {fmt.plural(languages, 'language')}" if languages > 1 else ""
    columns: Columns = (
        ("Language", "text"), ("Quarter", "text"), ("Added code lines", "count"),
        ("Share", "share"),
    )  # fmt: skip
    values = [(row.language, row.quarter, row.added, row.share) for row in rows]
    return Figure(
        "languages",
        title,
        _share_panels("language", drawn or series, facts, quarter),
        (
            *_share_notes(facts, quarter, "added code lines"),
            *([_left_out(len(series) - len(drawn))] if 0 < len(drawn) < len(series) else []),
        ),
        table("languages_by_quarter", "Added code lines by language", columns, values),
        is_grid=True,
    )


def _left_out(others: int) -> str:
    stand = "stands" if others == 1 else "stand"
    return f"{fmt.plural(others, 'row')} below 1% in every quarter {stand} in the table alone."


def _share_panels(
    key: str, series: dict[str, Shares], facts: Facts, quarter: str | None
) -> tuple[Panel, ...]:
    quarters = [row.quarter for row in facts.authorship]
    quarters = quarters or list(dict.fromkeys(q for own in series.values() for q, _, _ in own))
    partial = next((row.quarter for row in facts.authorship if row.is_partial), None)
    top = max(share or 0 for own in series.values() for _, share, _ in own)
    panels = []
    for index, (name, own) in enumerate(series.items()):
        text = "; ".join(f"{q} {fmt.percent(share)}" for q, share, _ in own)
        share, lines = next(((s, n) for q, s, n in own if q == quarter), (None, None))
        panels.append(
            small(
                f"{key}-{index}",
                f"Bar chart. {name}, share of added lines by quarter: {text}.",
                charts.share_by_quarter(own, quarters, top, partial, _ADDED, PANEL),
                title=name,
                value=fmt.percent(share),
                note=None if lines is None else fmt.plural(lines, "line"),
            )
        )
    return tuple(panels)


def _share_notes(facts: Facts, quarter: str | None, what: str) -> tuple[str, ...]:
    partial = any(row.is_partial for row in facts.authorship)
    return (
        f"Numbers beside the names: share of {what} in {quarter}, not capped."
        + (" Pale: quarter not finished." if partial else ""),
    )


def _places_title(
    series: dict[str, list[PlaceQuarter]], what: str, quarter: str | None
) -> str | None:
    places = [rows for name, rows in series.items() if name != _NO_TEAM]
    now = [row for own in places for row in own if row.quarter == quarter]
    known = [row.multiple for row in now if row.multiple is not None]
    bounded = [row for row in now if row.low is not None]
    if len(known) < 2:
        return None
    above = sum((row.low or 0) > 1 for row in bounded)
    text = (
        f"In {quarter}, {len(known)} {what} stood at {fmt.times(min(known))} to "
        f"{fmt.times(max(known))} their own baselines"
    )
    if not bounded:
        return text
    if len(bounded) == 1:
        return f"{text}; the one with an interval is {'' if above else 'not '}above"
    if above == len(bounded):
        return f"{text}; all {above} with an interval are above"
    how_many = f"{above or 'none'} of the {len(bounded)}"
    return f"{text}; {how_many} with an interval {'is' if above < 2 else 'are'} above"


def _note(row: PlaceQuarter | None, quarter: str | None) -> str | None:
    if row is None:
        return f"nothing landed in {quarter}"
    parts = [fmt.plural(row.landed_changes or 0, "change")]
    if row.model_share is not None:
        parts.append(f"model share {fmt.percent(row.model_share)}")
    return ", ".join(parts)


def _multiple(row: PlaceQuarter) -> Multiple:
    return Multiple(
        "code_lines", row.quarter, row.quarter_start, row.is_partial, False, None,
        row.landed_changes, None, None, row.multiple, row.low, row.high, row.n, row.reason, None,
    )  # fmt: skip
