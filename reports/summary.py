"""The key figures at the top, and the page's tables that stand without a chart."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any, Final

from quarterdeck.reports import formats as fmt
from quarterdeck.reports import wording
from quarterdeck.reports.facts import (
    Authorship,
    Facts,
    MergeRate,
    Multiple,
    Overview,
)
from quarterdeck.reports.place_facts import Repository
from quarterdeck.reports.tables import Columns, Table, table

# Settings may hold names and addresses of people, so only these last words of a key are printed.
_PRINTED_SETTINGS: Final = frozenset(
    [
        "preset",
        "from",
        "to",
        "baseline",
        "baseline_from",
        "baseline_to",
        "agents_since",
        "cutoff",
        "cutoff_at",
        "time_zone",
        "timezone",
        "cap_quantile",
        "cap_pool_days",
        "cap_min_pool",
        "activity_days",
        "lines",
        "unit",
        "authors",
        "baseline_min_quarters",
        "fiscal_year_start",
        "window_days",
        "maturity_days",
        "replicates",
        "interval_replicates",
        "confidence",
        "min_contributors",
        "seed",
        "merge_window_days",
        "classes",
        "identity_rules",
        "privacy",
        "split_squashes",
    ]
)
_PRIVATE_SETTINGS: Final = ("identit", "person", "people", "contributor", "email", "author")
_NOT_PRIVATE: Final = ("multiple.authors", "identity_rules")
#: The age that the key figure of survival speaks of (days).
ALIVE_DAYS: Final = 90
_SIMPLE: Final = (str, int, float, bool, dt.date)


@dataclass(frozen=True)
class Stat:
    """One key figure: its value, what bounds it, its n, and its change since last quarter."""

    label: str
    quarter: str | None
    value: str
    bounds: str
    n: str
    change: str
    is_missing: bool = False


def stats(facts: Facts, multiple: Multiple | None, quarter: str | None) -> tuple[Stat, ...]:
    """Return the key figures of the latest whole quarter; survival of all that were followed."""
    authorship = next((row for row in facts.authorship if row.quarter == quarter), None)
    return (
        _multiple_stat(multiple, facts.overview),
        _model_stat(authorship, quarter),
        _merge_stat(merge_of(facts, "all", quarter), quarter),
        _survival_stat(facts),
    )


def merge_of(facts: Facts, author_class: str, quarter: str | None) -> MergeRate | None:
    """Return the merge success of one author class in one quarter."""
    return next(
        (r for r in facts.merges if r.author_class == author_class and r.quarter == quarter), None
    )


def stale(facts: Facts) -> tuple[Repository, ...]:
    """Return the repositories whose data is from an earlier run, or that have a problem."""
    return tuple(row for row in facts.repositories if row.status == "stale" or row.problem)


def repositories_table(facts: Facts) -> Table:
    """Return the table of repositories, largest first."""
    columns: Columns = (
        ("Repository", "text"), ("Multiple", "ratio"), ("Interval low", "ratio"),
        ("Interval high", "ratio"), ("Landed changes", "count"), ("Code lines", "count"),
        ("Contributors", "count"), ("Pull requests", "count"), ("Last landed", "date"),
        ("Data", "text"),
    )  # fmt: skip
    rows = [
        (
            row.name, row.multiple, row.low, row.high, row.landed_changes, row.code_lines,
            row.contributors, row.pull_requests, row.last_landed,
            row.status + (", shallow clone" if row.is_shallow else ""),
        )
        for row in facts.repositories
    ]  # fmt: skip
    focus = facts.overview.last_whole_quarter
    caption = "Repositories, largest first" + (f"; multiple of {focus}" if focus else "")
    return table("repositories", caption, columns, rows)


def teams_table(facts: Facts) -> Table:
    """Return the table of teams in the latest whole quarter, by name."""
    columns: Columns = (
        ("Team", "text"), ("Multiple", "ratio"), ("Interval low", "ratio"),
        ("Interval high", "ratio"), ("Landed changes", "count"), ("Code lines", "count"),
        ("Model share", "share"), ("Undeclared", "share"), ("Why missing", "text"),
    )  # fmt: skip
    rows = [
        (
            row.name, row.multiple, row.low, row.high, row.landed_changes, row.code_lines,
            row.model_share, row.undeclared_share, row.reason,
        )
        for row in facts.teams
    ]  # fmt: skip
    return table("teams", f"Teams in {facts.overview.last_whole_quarter}, by name", columns, rows)


def issues_table(facts: Facts) -> Table:
    """Return the table of gaps in the data."""
    columns: Columns = (
        ("Gap", "text"), ("Repositories", "count"), ("Affected", "count"), ("Of", "count"),
        ("Share", "share"), ("Detail", "text"),
    )  # fmt: skip
    rows = [
        (
            row.issue.replace("_", " "), row.repositories, row.affected, row.total, row.share,
            row.detail,
        )
        for row in facts.issues
    ]  # fmt: skip
    where = "over all repositories; who is in several counts in each"
    if facts.overview.repository is not None:
        where = facts.overview.name
    return table("data_quality", f"Gaps in the data, {where}", columns, rows)


def settings(overview: Overview) -> list[tuple[str, str]]:
    """Return the settings in force that a report may show, sorted by key."""
    shown = []
    for key, value in sorted(_flat(overview.settings)):
        private = key not in _NOT_PRIVATE and any(part in key.lower() for part in _PRIVATE_SETTINGS)
        if key.rsplit(".", 1)[-1] in _PRINTED_SETTINGS and not private:
            shown.append((key, str(value)))
    return shown


def trace_statement(overview: Overview, quarter: str | None) -> str:
    """Return a statement that lists the commits behind the multiple of `quarter`."""
    chosen = [_quoted(quarter or "2026Q3")]
    if overview.repository is not None:
        chosen += ["for_scope := 'repository'", f"for_name := {_quoted(overview.repository)}"]
    return (
        "select repository_id, commit_id, landed_at, units, capped_units\n"
        f"from trace_multiple({', '.join(chosen)})\n"
        "limit 20"
    )


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _flat(value: dict[str, Any], prefix: str = "") -> list[tuple[str, Any]]:
    pairs: list[tuple[str, Any]] = []
    for key, inner in value.items():
        if isinstance(inner, dict):
            pairs += _flat(inner, f"{prefix}{key}.")
        elif isinstance(inner, _SIMPLE):
            pairs.append((f"{prefix}{key}", inner))
        elif isinstance(inner, list) and all(isinstance(one, str) for one in inner):
            pairs.append((f"{prefix}{key}", ", ".join(inner) or "none"))
    return pairs


def _multiple_stat(row: Multiple | None, overview: Overview) -> Stat:
    label = "Shipped-code multiple"
    if row is None or row.multiple is None:
        reason = wording.why_no_multiple(row, overview)
        return _missing(label, row.quarter if row else overview.last_whole_quarter, reason)
    return Stat(
        label,
        row.quarter,
        fmt.times(row.multiple),
        f"95% interval {fmt.times_interval(row.low, row.high)}"
        if row.low is not None
        else wording.no_interval(row.reason),
        _people(row),
        _change(row.change, "×"),
    )


def _people(row: Multiple) -> str:
    """Those that the interval resamples, of baseline and quarter, and those who are active now."""
    told = f"n = {fmt.plural(row.n, 'contributor')}" if row.n is not None else "n not known"
    if row.active_contributors is None:
        return told
    return f"{told}, baseline included; {fmt.number(row.active_contributors)} active on a day"


def _model_stat(row: Authorship | None, quarter: str | None) -> Stat:
    label = "Model share of code lines"
    if row is None or row.model_share is None:
        return _missing(label, quarter, "no code line landed in this quarter")
    return Stat(
        label,
        row.quarter,
        fmt.percent(row.model_share),
        f"{fmt.bound('at least', row.model_share_low)} declared or attested, "
        f"{fmt.bound('at most', row.model_share_high)} if all undeclared lines were a model's",
        f"n = {fmt.plural(row.code_lines, 'code line')}",
        _change(row.change_points, "points"),
    )


def _merge_stat(row: MergeRate | None, quarter: str | None) -> Stat:
    label = "Pull requests merged"
    if row is None or row.rate is None:
        reason = row.reason if row and row.reason else "no pull request is known in this quarter"
        return _missing(label, quarter, reason)
    against = (
        f"; baseline {fmt.percent(row.baseline_rate)}"
        if row.baseline_rate is not None
        else "; no baseline rate"
    )
    return Stat(
        label,
        row.quarter,
        fmt.percent(row.rate),
        f"95% interval {fmt.percent_interval(row.low, row.high)}{against}",
        f"n = {fmt.plural(row.mature or 0, 'pull request')}",
        _change(row.change_since_last, "points"),
    )


def _survival_stat(facts: Facts) -> Stat:
    """Of all quarters together, which gives the interval; the change is that of the newest known.

    A quarter is known at 90 days once all of its lines are that old.
    """
    label = f"Code lines alive at {ALIVE_DAYS} days"
    point = next(
        (
            row
            for row in facts.survival
            if row.author_class == "all" and not row.matched_with and row.age_days == ALIVE_DAYS
        ),
        None,
    )
    if point is None or point.survival is None:
        reason = point.reason if point and point.reason else "no line was followed that long"
        return _missing(label, None, reason)
    known = [r for r in facts.churn if r.author_class == "all" and r.alive_90 is not None]
    change = "no quarter is that old yet"
    if known:
        newest = known[-1]
        since = _change(newest.alive_90_points, "points")
        change = f"{fmt.percent(newest.alive_90)} of {newest.quarter}'s: {since}"
    return Stat(
        label,
        None,
        fmt.percent(point.survival),
        f"95% interval {fmt.percent_interval(point.low, point.high)}, all quarters"
        if point.low is not None
        else f"{wording.no_interval(point.reason)}; all quarters",
        f"n = {fmt.count(point.lines)} lines, {fmt.plural(point.contributors, 'contributor')}",
        change,
    )


def _missing(label: str, quarter: str | None, reason: str) -> Stat:
    return Stat(label, quarter, fmt.MISSING, reason, "", "", is_missing=True)


def _change(value: float | None, unit: str) -> str:
    if value is None:
        return "no quarter before it to compare with"
    text = fmt.signed(value, unit).replace(" ×", "×")
    return f"{text} since the quarter before"
