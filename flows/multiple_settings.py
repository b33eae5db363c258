"""Settings of the shipped-code multiple: published presets, and what goes before them."""

import re
from datetime import date
from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from quarterdeck.extractors.file_class_overrides import CLASSES

Preset = Literal["anthropic-2026", "openai-2026"]
Lines = Literal["added", "added and deleted", "net"]
Unit = Literal["landed changes", "commits"]
Authors = Literal["all", "without automation", "human"]

#: `2021Q1..2024Q4`; a year with FY before it is a fiscal one.
_QUARTERS = re.compile(
    r"(FY)?(\d{4})-?Q([1-4])\s*(?:\.\.|-|to)\s*(FY)?(\d{4})-?Q([1-4])", re.IGNORECASE
)
#: The range that `default` stands for.
DEFAULT_BASELINE: Final = "2021Q1..2024Q4"


class Definition(BaseModel):
    """The choices of the shipped-code multiple that are in force."""

    model_config = ConfigDict(frozen=True)

    lines: Lines
    unit: Unit
    classes: list[str]
    authors: Authors
    cap_quantile: float | None
    cap_pool_days: int
    cap_min_pool: int
    activity_days: int
    baseline_min_quarters: int


_ANTHROPIC = Definition(
    lines="added",
    unit="landed changes",
    classes=["source", "test"],
    authors="all",
    cap_quantile=0.99,
    cap_pool_days=365,
    cap_min_pool=100,
    activity_days=365,
    baseline_min_quarters=2,
)
#: The published definitions. What the second note does not say is as in the first.
PRESETS: Final[dict[Preset, Definition]] = {
    "anthropic-2026": _ANTHROPIC,
    "openai-2026": _ANTHROPIC.model_copy(
        update={"lines": "added and deleted", "unit": "commits", "authors": "without automation"}
    ),
}


class MultipleSettings(BaseModel):
    """Choices that go before those of the preset; what is not given is the preset's."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    lines: Lines | None = None
    unit: Unit | None = None
    classes: list[str] | None = Field(default=None, min_length=1)
    authors: Authors | None = None
    cap_quantile: float | Literal["none"] | None = None
    cap_pool_days: int | None = Field(default=None, ge=1, le=3_660)
    cap_min_pool: int | None = Field(default=None, ge=1)
    activity_days: int | None = Field(default=None, ge=1, le=3_660)
    baseline_min_quarters: int | None = Field(default=None, ge=1, le=40)

    @field_validator("classes")
    @classmethod
    def _known_classes(cls, value: list[str] | None) -> list[str] | None:
        if value is not None and (unknown := [name for name in value if name not in CLASSES]):
            raise ValueError(f"no file class '{unknown[0]}'; use some of {', '.join(CLASSES)}")
        return sorted(set(value)) if value is not None else None

    @field_validator("cap_quantile")
    @classmethod
    def _is_share(cls, value: float | str | None) -> float | str | None:
        if isinstance(value, float) and not 0 < value <= 1:
            raise ValueError('not a quantile; use one above 0 and up to 1, or "none" for no cap')
        return value

    def in_force(self, preset: Preset) -> Definition:
        """The preset's choices, and these where they are given."""
        given: dict[str, Any] = {
            key: value for key, value in self.model_dump().items() if value is not None
        }
        if given.get("cap_quantile") == "none":
            given["cap_quantile"] = None
        return PRESETS[preset].model_copy(update=given)


def read_baseline(value: str, fiscal_year_start: int) -> tuple[date, date] | None:
    """First and last day of a range of quarters such as `2021Q1..FY2024Q4`.

    Args:
        value: the range.
        fiscal_year_start: month in which the fiscal year starts, 1 to 12.

    Returns:
        The days; None where it is no range, or ends before it begins.
    """
    found = _QUARTERS.fullmatch(value.strip())
    if found is None:
        return None
    first = _quarter_start(bool(found[1]), int(found[2]), int(found[3]), fiscal_year_start)
    last = _quarter_start(bool(found[4]), int(found[5]), int(found[6]), fiscal_year_start)
    if last < first:
        return None
    after = date(last.year + (last.month + 2) // 12, (last.month + 2) % 12 + 1, 1)
    return first, date.fromordinal(after.toordinal() - 1)


def plain_baseline(value: str) -> str:
    """A range as it is kept and shown, such as `2021Q1..2024Q4`.

    Raises:
        ValueError: it is none.
    """
    found = _QUARTERS.fullmatch(value.strip())
    if found is None or read_baseline(value, 1) is None:
        raise ValueError(
            "not a baseline; use a range such as 2021Q1..2024Q4 (or FY2022Q1..FY2025Q4), or auto, "
            "or default"
        )
    first, last = ((found[n] or "").upper() for n in (1, 4))
    return f"{first}{found[2]}Q{found[3]}..{last}{found[5]}Q{found[6]}"


def _quarter_start(is_fiscal: bool, year: int, quarter: int, fiscal_year_start: int) -> date:
    """First day of a quarter; a fiscal year has the number of the year in which it ends."""
    month = 3 * quarter - 3
    if is_fiscal and fiscal_year_start > 1:
        month += fiscal_year_start - 1 - 12
    return date(year + month // 12, month % 12 + 1, 1)
