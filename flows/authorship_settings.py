"""The settings on who wrote what: `[[authorship]]`; see `docs/authorship.md`."""

from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from quarterdeck.sql.authorship_overrides import AuthorshipOverride, path_expression


def _refusal(problem: str, remedy: str) -> ValueError:
    return ValueError(f"{problem}; {remedy}")


class AuthorshipSettings(BaseModel):
    """Who wrote what, where the evidence is wrong or silent; goes before the evidence."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    repository: str | None = Field(default=None, min_length=1)
    commits: list[Annotated[str, Field(pattern=r"^[0-9a-f]{7,40}$")]] = []
    author: str | None = Field(default=None, min_length=3)
    by_agent: str | None = Field(default=None, min_length=1)
    paths: list[str] = []
    from_date: date | None = Field(default=None, alias="from")
    to_date: date | None = Field(default=None, alias="to")
    author_class: Literal["model", "human", "automation", "undeclared"]
    agent: str | None = Field(default=None, min_length=1)
    reason: str = Field(min_length=1)

    @field_validator("paths")
    @classmethod
    def _path_patterns(cls, paths: list[str]) -> list[str]:
        for path in paths:
            path_expression(path)
        return paths

    @model_validator(mode="after")
    def _fitting(self) -> "AuthorshipSettings":
        if not self.model_fields_set - {"author_class", "agent", "reason"}:
            raise _refusal(
                "it would hold for everything",
                "name a repository, commits, author, by_agent, paths, from or to",
            )
        if self.from_date and self.to_date and self.to_date < self.from_date:
            raise _refusal("it ends before it begins", "correct from or to")
        if self.agent is not None and self.author_class not in ("model", "automation"):
            raise _refusal(f"no agent writes what is {self.author_class}", "leave agent away")
        return self

    def as_override(self) -> AuthorshipOverride:
        """The same for the SQL."""
        values = self.model_dump(by_alias=False)
        values |= {"commits": tuple(self.commits), "paths": tuple(self.paths)}
        return AuthorshipOverride(**values)
