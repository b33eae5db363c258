"""The settings on how open-ended a pull request looks: `[tiers]`; see `docs/metrics.md`."""

from typing import Annotated

import polars as pl
from pydantic import BaseModel, ConfigDict, Field, field_validator

#: Count that routine, substantial and open-ended pull requests exceed.
Steps = Annotated[list[Annotated[int, Field(ge=0)]], Field(min_length=3, max_length=3)]

_SCHEMA = pl.Schema(
    {"level": pl.Int32(), "lines": pl.Int64(), "files": pl.Int64(), "directories": pl.Int64()}
)


class TierSettings(BaseModel):
    """What a pull request must exceed to be routine, substantial or open-ended.

    The defaults are the 25th, 75th and 95th percentiles of merged pull requests that touch
    source files, each the median of nine public repositories.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    lines: Steps = [15, 200, 900]
    files: Steps = [1, 5, 18]
    directories: Steps = [1, 3, 9]

    @field_validator("lines", "files", "directories")
    @classmethod
    def _ascending(cls, value: list[int]) -> list[int]:
        if sorted(value) != value:
            raise ValueError("not ascending; give the steps from routine to open-ended")
        return value


def tier_frame(tiers: TierSettings) -> pl.DataFrame:
    """The thresholds as the SQL reads them: one row per level, 1 (routine) to 3 (open-ended)."""
    rows = zip((1, 2, 3), tiers.lines, tiers.files, tiers.directories, strict=True)
    return pl.DataFrame(list(rows), schema=_SCHEMA, orient="row")
