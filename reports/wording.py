"""Titles and sentences that state what the numbers say: descriptive, never causal.

A function returns None where the numbers allow no statement; the page then prints no title of its
own making, or the mart's reason.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from quarterdeck.reports import formats as fmt
from quarterdeck.reports.facts import (
    AgentQuarter,
    Authorship,
    Coverage,
    Facts,
    Issue,
    MergeRate,
    Multiple,
    Overview,
)
from quarterdeck.reports.place_facts import FileClass, Repository

MEASURES = {
    "code_lines": "Code lines",
    "lines_alive_30_days": "Lines alive at 30 days",
    "lines_alive_90_days": "Lines alive at 90 days",
    "landed_changes": "Landed changes",
    "merged_pull_requests": "Merged pull requests",
    "net_lines": "Net lines",
}
MEASURE_NOTES = {
    "code_lines": "added lines of source and tests, large changes capped",
    "lines_alive_30_days": "of these, alive 30 days after they landed, capped",
    "lines_alive_90_days": "of these, alive 90 days after they landed, capped",
    "landed_changes": "commits on the default branch, merges counted once",
    "merged_pull_requests": "pull requests that landed",
    "net_lines": "added less deleted lines, not capped",
}
#: What the marts call the agent of evidence that names none.
UNNAMED_AGENT = "not named"
#: What `marts.data_quality` calls changes that are in no quarter because of their time.
_LATE: Final = "landed changes after the data cut-off"
AUTHOR_CLASSES = {
    "all": "All pull requests",
    "human": "By humans",
    "model": "By models",
    "mixed": "By humans and models",
    "automation": "By automation",
    "undeclared": "Undeclared",
}


@dataclass(frozen=True)
class Piece:
    """A run of words in the lead sentence; `is_number` sets it off."""

    text: str
    is_number: bool = False


#: What a database says that was built before the choices were settings.
_ANTHROPIC: Final = {
    "lines": "added",
    "unit": "landed changes",
    "classes": ["source", "test"],
    "authors": "all",
    "cap_quantile": 0.99,
    "activity_days": 365,
}


def lead(overview: Overview, whole: Multiple | None, partial: Multiple | None) -> list[Piece]:
    """Return the sentence at the top: the multiple of the whole quarter and of the partial one."""
    if overview.landed_changes == 0:
        return [Piece("No landed change was found, so nothing can be measured yet.")]
    said = [row for row in (whole, partial) if row is not None and row.multiple is not None]
    if not said:
        row = whole or partial
        where = f" for {row.quarter}" if row else ""
        return [Piece(f"No multiple can be stated{where}: {why_no_multiple(row, overview)}.")]
    first = said[0]
    against = f" of {overview.baseline_label}" if overview.baseline_label else ""
    pieces = [
        Piece(f"In {_named(first)}, active contributors landed "),
        Piece(f"{fmt.number(first.multiple)} times", True),
        Piece(f" as much code per head and day as in the baseline{against}{_range(first)}"),
    ]
    if len(said) == 2:
        pieces += [
            Piece("; so far in "),
            Piece(f"{said[1].quarter}, "),
            Piece(f"{fmt.number(said[1].multiple)} times", True),
            Piece(_range(said[1], "")),
        ]
    return [*pieces, Piece(".")]


def lead_note(whole: Multiple | None, partial: Multiple | None) -> str | None:
    """Return what the lead must not leave unsaid: level with the baseline, or no interval."""
    rows = [row for row in (whole, partial) if row is not None and row.multiple is not None]
    notes = [
        f"{row.quarter} has no interval: {_tidy(row.reason or 'no interval was computed')}."
        for row in rows
        if row.low is None or row.high is None
    ]
    level = [
        row.quarter
        for row in rows
        if row.low is not None and row.high is not None and row.low <= 1 <= row.high
    ]
    if level:
        notes.append(
            f"The {'interval' if len(level) == 1 else 'intervals'} of {fmt.listed(level)} "
            f"{'includes' if len(level) == 1 else 'include'} 1, so a difference from the baseline "
            "is not established."
        )
    return " ".join(notes) or None


def late_note(facts: Facts) -> str | None:
    """Return what to say where all that landed is dated after the data cut-off."""
    late = [row.affected for row in facts.issues if row.issue == _LATE and row.affected]
    if not late or facts.overview.landed_changes:
        return None
    are = "is" if late[0] == 1 else "are"
    return f"{fmt.plural(late[0], 'landed change')} {are} dated after the data cut-off."


def multiple_title(rows: Sequence[Multiple], latest: Multiple | None) -> str | None:
    """Title of the chart of multiples."""
    if latest is None or latest.multiple is None:
        return None
    name = f"Shipped code per contributor was {fmt.times(latest.multiple)} the baseline"
    if latest.low is not None and latest.high is not None and latest.low <= 1 <= latest.high:
        return (
            f"Shipped code per contributor in {latest.quarter} cannot be told from the baseline "
            f"({fmt.times(latest.multiple)})"
        )
    earlier = [
        row.multiple for row in rows if row.multiple is not None and row.quarter < latest.quarter
    ]
    if len(earlier) >= 4 and latest.multiple > max(earlier):
        return f"{name} in {_named(latest)}, more than in any quarter before"
    return f"{name} in {_named(latest)}"


def companions_title(latest: Sequence[Multiple]) -> str | None:
    """Title of the small multiples: every measure's multiple in the latest quarter it is known in.

    Lines alive at 90 days are known a quarter later than lines.
    """
    said = sorted(
        (row for row in latest if row.multiple is not None),
        key=lambda row: (-(row.multiple or 0), row.measure),
    )
    if not said:
        return None
    newest_first = sorted(said, key=lambda row: row.quarter_start, reverse=True)
    by_quarter: dict[str, list[str]] = {}
    for row in newest_first:
        by_quarter.setdefault(_named(row), []).append(
            f"{MEASURES.get(row.measure, row.measure).lower()} at {fmt.times(row.multiple)}"
        )
    text = "; in ".join(f"{name}, {fmt.listed(parts)}" for name, parts in by_quarter.items())
    return f"In {text} the baseline"


def authorship_title(row: Authorship | None) -> str | None:
    """Title of the authorship chart."""
    if row is None or row.model_share is None:
        return None
    if row.model_share == 0:
        return f"No model left evidence on the code lines that landed in {row.quarter}" + (
            f"; {fmt.percent(row.undeclared_share)} are undeclared" if row.undeclared_share else ""
        )
    text = f"There is evidence of a model for {fmt.percent(row.model_share)} of code lines"
    if row.undeclared_share:
        text += f", and no evidence either way for {fmt.percent(row.undeclared_share)}"
    return f"{text}, in {row.quarter}{', so far' if row.is_partial else ''}"


def agents_title(rows: Sequence[AgentQuarter], quarter: str | None) -> str | None:
    """Title of the panels of agents."""
    now = [r for r in rows if r.quarter == quarter and r.share and r.agent != UNNAMED_AGENT]
    named = [row for row in now if not row.is_other]
    if not named:
        earlier = [r.quarter for r in rows if r.share and r.agent != UNNAMED_AGENT]
        if now or not quarter or not any(name < quarter for name in earlier):
            return None
        last = max(name for name in earlier if name < quarter)
        return f"No agent left evidence in {quarter}; the last quarter with any is {last}"
    first = max(named, key=lambda row: (row.share or 0, row.agent))
    agents = sum(row.agents for row in now)
    if agents == 1:
        return f"{first.agent} is the only agent with evidence in {quarter}"
    return (
        f"{fmt.plural(agents, 'agent')} left evidence in {quarter}; {first.agent} on most, "
        f"{fmt.percent(first.share)} of code lines"
    )


def merge_title(row: MergeRate | None, window: int) -> str | None:
    """Title of the panels of merge rates, against the baseline; `window` is in days.

    A row is partial where part of the quarter is too young to judge.
    """
    if row is None or row.rate is None:
        return None
    text = (
        f"{fmt.part(row.merged, row.mature, row.rate, 'pull requests')} opened in {row.quarter} "
        f"{'and old enough to judge ' if row.is_partial else ''}"
        f"were merged within {fmt.plural(window, 'day')}"
    )
    if row.baseline_rate is None:
        return text
    if row.low is not None and row.high is not None and row.low <= row.baseline_rate <= row.high:
        base = fmt.percent(row.baseline_rate)
        return f"{text}; the interval includes the baseline's {base}"
    side = "above" if row.rate > row.baseline_rate else "below"
    return f"{text}, {side} the baseline's {fmt.percent(row.baseline_rate)}"


def file_classes_title(rows: Sequence[FileClass], overview: Overview) -> str | None:
    """Title of the chart of file classes in one quarter."""
    code = [row.share for row in rows if row.file_class in ("source", "test") and row.share]
    if not code:
        return None
    chosen = {**_ANTHROPIC, **overview.settings.get("multiple", {})}
    counted = chosen["lines"] == "added" and sorted(chosen["classes"]) == ["source", "test"]
    return (
        f"{fmt.percent(sum(code))} of lines added in {rows[0].quarter} were source or test code"
        + (", the lines that the multiple counts" if counted else "")
    )


def repositories_title(rows: Sequence[Repository]) -> str | None:
    """Title of the table of repositories."""
    if not rows:
        return None
    stale = sum(row.status == "stale" for row in rows)
    text = f"{fmt.plural(len(rows), 'repository')} measured"
    if stale:
        return f"{text}, {fmt.count(stale)} with data from an earlier run"
    return f"{text}, all up to date"


def quality_title(issues: Sequence[Issue], stale: int) -> str:
    """Title of the section on data quality."""
    if not issues and not stale:
        return "No gap was found in the data"
    found = f"{fmt.plural(len(issues), 'kind')} of gap in the data" if issues else ""
    late = f"{fmt.plural(stale, 'stale repository')}" if stale else ""
    return fmt.listed([part for part in (found, late) if part])


def multiple_definition(overview: Overview) -> str:
    """Return what the multiple is, by the choices in force (in `overview.settings`)."""
    baseline = f", {overview.baseline_label}" if overview.baseline_label else ""
    chosen = {**_ANTHROPIC, **overview.settings.get("multiple", {})}
    size = "commit" if chosen["unit"] == "commits" else "change"
    counted = {"net": "net lines (added minus deleted)"}.get(
        chosen["lines"], f"{chosen['lines']} lines"
    )
    whose = {
        "without automation": f" of {size}s that automation did not write",
        "human": f" of {size}s with a contributor as author",
    }.get(chosen["authors"], "")
    cap = chosen["cap_quantile"]
    capped = (
        f"Each {size} counts at most as many lines as the {_ordinal(100 * cap)} percentile of "
        f"{size} size."
        if cap is not None
        else f"No cap is set on the lines of a {size}."
    )
    return (
        f"For each day, the {counted}{whose} that landed in files of class "
        f"{fmt.listed(chosen['classes'])} over the number of active contributors (who landed a "
        f"change in the {chosen['activity_days']} days before); a quarter's bar is the mean over "
        f"its days, and the multiple is that bar over the mean bar of the baseline{baseline}. "
        f"{capped} The current quarter is measured over its elapsed days."
    )


def _ordinal(number: float) -> str:
    """An ordinal in digits, such as 99th or 99.5th."""
    text = f"{number:.6g}"
    teen = text.endswith(("11", "12", "13"))
    endings = {"1": "st", "2": "nd", "3": "rd"}
    return text + ("th" if teen or "." in text else endings.get(text[-1], "th"))


def multiples_text(rows: Sequence[Multiple]) -> str:
    """Text alternative of a line or bars of multiples: every quarter's number."""
    return "; ".join(
        f"{_named(row)} {fmt.times(row.multiple)}"
        + (f" ({fmt.times_interval(row.low, row.high)})" if row.low is not None else "")
        for row in rows
        if row.multiple is not None
    )


def merges_text(rows: Sequence[MergeRate]) -> str:
    """Text alternative of merge rates: every quarter's rate and its counts."""
    return "; ".join(
        f"{row.quarter} {fmt.percent(row.rate)} ({fmt.count(row.merged)} of "
        f"{fmt.count(row.mature)})"
        for row in rows
        if row.rate is not None
    )


def authorship_text(rows: Sequence[Authorship]) -> str:
    """Text alternative of the authorship chart."""
    return "; ".join(
        f"{row.quarter} model {fmt.percent(row.model_share)}, human {fmt.percent(row.human_share)},"
        f" automation {fmt.percent(row.automation_share)}, undeclared "
        f"{fmt.percent(row.undeclared_share)}"
        for row in rows
        if row.model_share is not None
    )


def coverage_text(rows: Sequence[Coverage]) -> str | None:
    """Return how much the evidence of models misses in the latest quarter that tells."""
    if not rows:
        return None
    told = [row for row in rows if row.estimate is not None]
    if not told:
        whole = [row for row in rows if not row.is_partial] or list(rows)
        return f"How much of the models' work is missed cannot be estimated: {whole[-1].reason}."
    row = told[-1]
    where = fmt.plural(row.repositories, "repository")
    return (
        f"Seen in {row.quarter}{', so far,' if row.is_partial else ''} in the {where} that have "
        f"line-level records as well: {fmt.plural(row.seen, 'commit')} of models, an estimated "
        f"{fmt.percent(row.coverage)} of {fmt.count(round(row.estimate or 0))} (95% interval "
        f"{fmt.count(round(row.low or 0))} to {fmt.count(round(row.high or 0))}), if "
        "identities and trailers are independent of line-level records; where the same commits "
        "tend to have both, more are missed."
    )


def _named(row: Multiple) -> str:
    return f"{row.quarter}, so far" if row.is_partial else row.quarter


def _range(row: Multiple, name: str = "95% interval ") -> str:
    if row.low is None or row.high is None:
        return ""
    span = fmt.times_interval(row.low, row.high).replace(" ", "\u00a0")
    return f" ({name}{span})"


def why_no_multiple(row: Multiple | None, overview: Overview) -> str:
    """Return why there is no multiple, to stand after a colon; `row` is of the quarter, if any."""
    if not overview.contributors:
        return "no person landed a change, and the multiple is per person"
    if row is not None and row.reason == "no baseline" and overview.baseline_label:
        return f"there is no work to measure against in the baseline, {overview.baseline_label}"
    if row is not None and row.reason:
        return _tidy(row.reason)
    if not overview.baseline_quarters:
        return "there is no baseline to measure against"
    return "no quarter has been measured"


def no_interval(reason: str | None) -> str:
    """Return why there is no interval, said once where the reason says that itself."""
    return f"no interval: {(reason or 'not computed').removeprefix('no interval: ')}"


def _tidy(reason: str) -> str:
    return reason.strip().rstrip(".")
