"""What was planted, and the calendar of the organisation."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from types import MappingProxyType
from typing import Final

FIRST_DAY: Final = date(2020, 9, 7)
#: The last day of the record; the quarter of it is partial.
LAST_DAY: Final = date(2026, 5, 31)
CUTOFF: Final = datetime.combine(LAST_DAY, time(23, 59, 59), UTC)
BASELINE: Final = tuple(
    f"{year}Q{quarter}" for year in range(2021, 2025) for quarter in (1, 2, 3, 4)
)

#: Code lines per engineer and day over the mean of 2021 to 2024: the quarterly series published
#: in June 2026. The newest quarter is partial.
MULTIPLES: Final[Mapping[str, float]] = MappingProxyType(
    {"2025Q1": 1.2, "2025Q2": 1.5, "2025Q3": 1.9, "2025Q4": 2.5, "2026Q1": 5.8, "2026Q2": 8.0}
)
#: Share of the agents' pull requests, by quarter of opening, that are merged within 30 days and
#: not reverted within 30 days of that: from 26% to 76% between the middles of two quarters.
SUCCESS: Final[Mapping[str, float]] = MappingProxyType(
    {
        "2024Q4": 0.12,
        "2025Q1": 0.14,
        "2025Q2": 0.18,
        "2025Q3": 0.22,
        "2025Q4": 0.26,
        "2026Q1": 0.51,
        "2026Q2": 0.76,
    }
)
#: About how much of what lands by pull request is an agent's.
AGENT_SHARE: Final[Mapping[str, float]] = MappingProxyType(
    {
        "2024Q4": 0.01,
        "2025Q1": 0.06,
        "2025Q2": 0.12,
        "2025Q3": 0.24,
        "2025Q4": 0.42,
        "2026Q1": 0.68,
        "2026Q2": 0.80,
    }
)
#: A pull request that is merged later than this after opening is no success.
WINDOW: Final = timedelta(days=30)

_WEEKDAYS = (1.0, 1.08, 1.06, 1.02, 0.84, 0.07, 0.05)
_MONTHS = (0.94, 1.0, 1.06, 1.0, 0.98, 1.02, 0.86, 0.76, 1.06, 1.08, 1.06, 0.92)


@dataclass(frozen=True, slots=True)
class Size:
    """How large the organisation is.

    Attributes:
        people: Who ever work in it.
        weekly: Pull requests that a person lands in a week of the baseline years, on average.
    """

    people: int
    weekly: float


SIZES: Final[Mapping[str, Size]] = MappingProxyType(
    {"small": Size(people=20, weekly=0.55), "full": Size(people=44, weekly=1.0)}
)


def quarter_of(day: date) -> str:
    """The calendar quarter of a day, such as 2026Q1."""
    return f"{day.year}Q{(day.month + 2) // 3}"


def quarter_days(quarter: str) -> list[date]:
    """The days of a quarter that are in the record."""
    first = date(int(quarter[:4]), 3 * int(quarter[-1]) - 2, 1)
    days = (first + timedelta(days=n) for n in range(92))
    in_quarter = (day for day in days if quarter_of(day) == quarter)
    return [day for day in in_quarter if FIRST_DAY <= day <= LAST_DAY]


def quarters() -> list[str]:
    """Every quarter of the record, oldest first."""
    return list(dict.fromkeys(quarter_of(day) for day in days()))


def days() -> Iterator[date]:
    """Every day of the record."""
    for number in range((LAST_DAY - FIRST_DAY).days + 1):
        yield FIRST_DAY + timedelta(days=number)


def busyness(day: date) -> float:
    """How much is done on a day, as weekdays, seasons and holidays have it; about 1 on weekdays."""
    holidays = (day.month, day.day) >= (12, 23) or (day.month, day.day) <= (1, 3)
    return _WEEKDAYS[day.weekday()] * _MONTHS[day.month - 1] * (0.15 if holidays else 1.0)


def pace(day: date) -> float:
    """How many more changes land per person than in the baseline years: the root of the multiple.

    The other half of the growth is in their sizes.
    """
    return float(MULTIPLES.get(quarter_of(day), 1.0) ** 0.5)
