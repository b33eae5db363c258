"""Numbers as a reader sees them; a missing number is a dash, never a zero."""

from __future__ import annotations

import math
import re
from typing import Any, Final

MISSING: Final = "–"
#: Control characters, line breaks, and what turns the direction of the text that follows.
_UNSHOWN: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]+")


def shown(value: Any) -> Any:
    """Return text on one line, without characters that would disorder the text around it.

    Names and messages come from repositories, where anything may stand. What is no text is
    returned as it is.
    """
    return _UNSHOWN.sub(" ", value) if isinstance(value, str) else value


def times(value: float | None) -> str:
    """Format a ratio to the baseline: `3.4×`, `12×`."""
    return MISSING if value is None else f"{number(value)}×"


def number(value: float | None) -> str:
    """Format a ratio or a small number with one decimal, from ten on with none.

    What is not nothing never reads as 0.0.
    """
    if value is None or not math.isfinite(value):
        return MISSING
    if 0 < abs(value) < 0.001:
        return "<0.001" if value > 0 else ">−0.001"
    if 0 < abs(value) < 0.095:
        return _minus(f"{value:.1g}")
    digits = 0 if abs(value) >= 9.95 else 1
    return _minus(f"{value:,.{digits}f}")


def percent(share: float | None) -> str:
    """Format a share of 0 to 1 as whole percent; what is not nothing never reads as 0%."""
    if share is None or not math.isfinite(share):
        return MISSING
    if 0 < share < 0.005:
        return "<1%"
    if 0.995 < share < 1:
        return ">99%"
    return _minus(f"{100 * share:.0f}%")


_BOUNDS: Final = {
    ("at least", "<1%"): "more than 0%",
    ("at least", ">99%"): "more than 99%",
    ("at most", "<1%"): "less than 1%",
    ("at most", ">99%"): "less than 100%",
}


def bound(words: str, share: float | None) -> str:
    """Format a bound: `at most 72%`, and `less than 100%` where that would be `at most >99%`."""
    text = percent(share)
    return _BOUNDS.get((words, text), f"{words} {text}")


def fine_percent(rate: float | None) -> str:
    """Format a rate of 0 to 1 as percent, below ten with one decimal."""
    if rate is not None and 0.0005 <= rate < 0.0995:
        return f"{100 * rate:.1f}%"
    return percent(rate)


def part(successes: int | None, trials: int | None, rate: float | None, nouns: str) -> str:
    """Format a rate with its noun: `61% of pull requests`, or `0 of 3 pull requests`.

    Of less than 20 a percent would sound finer than the counts are.
    """
    if successes is not None and trials is not None and trials < 20:
        return f"{count(successes)} of {count(trials)} {nouns}"
    return f"{fine_percent(rate)} of {nouns}"


def count(value: float | None) -> str:
    """Format a whole number with thousands separated."""
    return MISSING if value is None else _minus(f"{value:,.0f}")


def signed(value: float | None, unit: str = "") -> str:
    """Format a difference with its sign: `+0.3`, `−2 points`."""
    if value is None or not math.isfinite(value):
        return MISSING
    digits = 0 if unit == "points" else 1
    text = f"{abs(value):,.{digits}f}"
    sign = "±" if float(text.replace(",", "")) == 0 else "+" if value > 0 else "−"
    if unit == "points" and text == "1":
        unit = "point"
    return f"{sign}{text} {unit}".rstrip()


def times_interval(low: float | None, high: float | None) -> str:
    """Format an interval of ratios: `2.7 to 4.4`."""
    return MISSING if low is None or high is None else f"{number(low)} to {number(high)}"


def percent_interval(low: float | None, high: float | None) -> str:
    """Format an interval of shares of 0 to 1: `56 to 72%`."""
    if low is None or high is None:
        return MISSING
    return f"{percent(low).removesuffix('%')} to {percent(high)}"


def listed(words: list[str]) -> str:
    """Join words as a sentence does: `a, b and c`."""
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} and {words[-1]}"


def plural(value: float | None, noun: str) -> str:
    """Format a count with its noun: `1 repository`, `3 repositories`."""
    if count(value) == "1":
        return f"1 {noun}"
    changes = noun.endswith("y") and noun[-2] not in "aeiou"
    many = f"{noun[:-1]}ies" if changes else f"{noun}s"
    return f"{count(value)} {many}"


def _minus(text: str) -> str:
    return text.replace("-", "−")
