"""The shipped-code multiple by its definition, counted the plain way.

It is written apart from the pipeline's, in SQL and NumPy, so that the two can check each other.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from quarterdeck.flows.simulation import timeline

_YEAR: Final = timedelta(days=364)  # and the day itself
_SMALLEST_POOL: Final = 100


@dataclass(frozen=True, slots=True)
class Change:
    """A landed change: its day, its code lines, and the keys of the people who wrote it."""

    day: date
    code_lines: int
    people: Collection[str]


@dataclass(frozen=True, slots=True)
class Bar:
    """Code lines of a quarter, per active contributor and day.

    Attributes:
        bar: mean over the days of capped code lines over active contributors.
        cap: the 99th percentile of the sizes of the year; None where fewer than 100 landed.
        active: active contributors, mean over the days.
        total: capped code lines.
    """

    bar: float
    cap: int | None
    active: float
    total: int


def active_by_day(changes: Iterable[Change]) -> dict[date, int]:
    """For each day of the record, who landed something in the 365 days up to it."""
    landed: dict[str, set[date]] = defaultdict(set)
    for change in changes:
        for person in change.people:
            landed[person].add(change.day)
    steps: dict[date, int] = defaultdict(int)
    for its_days in landed.values():
        until: date | None = None
        for day in sorted(its_days):
            if until is None or day > until + timedelta(days=1):
                steps[day] += 1
                if until is not None:
                    steps[until + timedelta(days=1)] -= 1
            until = day + _YEAR
        if until is not None:
            steps[until + timedelta(days=1)] -= 1
    active, found = 0, {}
    for day in timeline.days():
        active += steps[day]
        found[day] = active
    return found


def cap_of(sizes: Sequence[int]) -> int | None:
    """The smallest size that at least 99% do not exceed; None for fewer than 100 sizes."""
    if len(sizes) < _SMALLEST_POOL:
        return None
    return sorted(sizes)[-(-99 * len(sizes) // 100) - 1]


def bar_of(quarter: str, changes: Iterable[Change], active: Mapping[date, int]) -> Bar | None:
    """The bar of one quarter; None where nobody was active."""
    days = timeline.quarter_days(quarter)
    pool = [change for change in changes if days[-1] - _YEAR <= change.day <= days[-1]]
    cap = cap_of([change.code_lines for change in pool])
    lines: dict[date, int] = defaultdict(int)
    for change in pool:
        if change.day >= days[0]:
            lines[change.day] += change.code_lines if cap is None else min(cap, change.code_lines)
    rates = [lines[day] / active[day] for day in days if active[day]]
    if not rates:
        return None
    mean_active = sum(active[day] for day in days) / len(days)
    return Bar(sum(rates) / len(rates), cap, mean_active, sum(lines[day] for day in days))


def baseline_bar(changes: Sequence[Change], active: Mapping[date, int]) -> float:
    """Mean bar of the baseline quarters."""
    bars = [bar_of(quarter, changes, active) for quarter in timeline.BASELINE]
    known = [bar.bar for bar in bars if bar is not None]
    return sum(known) / len(known)
