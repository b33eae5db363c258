"""Settings of one repository, and of what is left out."""

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from quarterdeck.extractors.remote_urls import UnsafeUrlError, checked_url
from quarterdeck.flows.forge_api_settings import SLUG, checked_base_url

STRICT = ConfigDict(extra="forbid", frozen=True)


def remedied(problem: str, remedy: str) -> ValueError:
    """An error of a setting that says what to do about it."""
    return ValueError(f"{problem}; {remedy}")


class RepositorySettings(BaseModel):
    """One repository: a path or a URL, and what it is called."""

    model_config = STRICT

    path: Path | None = None
    url: str | None = None
    name: str | None = Field(default=None, min_length=1, max_length=200)
    default_branch: str | None = Field(default=None, min_length=1)
    team: str | None = None
    forge: Literal["github", "gitlab", "gitea", "none"] | None = None
    forge_url: str | None = None
    slug: str | None = Field(default=None, pattern=SLUG)

    @model_validator(mode="after")
    def _one_place(self) -> "RepositorySettings":
        if (self.path is None) == (self.url is None):
            raise remedied("a repository has either a path or a url", "give one of the two")
        return self

    @field_validator("url")
    @classmethod
    def _safe_url(cls, url: str | None) -> str | None:
        try:
            return None if url is None else checked_url(url)
        except UnsafeUrlError as error:
            raise ValueError(str(error)) from error

    @field_validator("forge_url")
    @classmethod
    def _forge_address(cls, value: str | None) -> str | None:
        return checked_base_url(value)

    @field_validator("name", "default_branch")
    @classmethod
    def _printable(cls, value: str | None) -> str | None:
        if value is not None and (not value.isprintable() or value.strip(". ") != value):
            raise remedied("has control characters, or dots or spaces at an end", "choose another")
        if value is not None and value.startswith("-"):
            raise remedied("begins with a dash", "choose another")
        return value


class ExclusionSettings(BaseModel):
    """Landed changes to leave out of every measure: one commit, or all of one author."""

    model_config = STRICT

    repository: str | None = None
    commit: str | None = Field(default=None, pattern=r"^[0-9a-f]{7,40}$")
    author: str | None = None
    reason: str = Field(min_length=1)

    @model_validator(mode="after")
    def _one_kind(self) -> "ExclusionSettings":
        if (self.commit is None) == (self.author is None):
            raise remedied("an exclusion names a commit or an author", "give one of the two")
        return self
