"""Settings about people: who is one, who is two, who is in which team."""

from collections.abc import Sequence
from datetime import date

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from quarterdeck.sql.identity_rules import optional_rules

#: What belongs to no team is shown under this name.
NO_TEAM = "(no team)"
_STRICT = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class ContributorSettings(BaseModel):
    """Addresses that belong to one contributor."""

    model_config = _STRICT

    name: str = Field(min_length=1)
    emails: list[str] = Field(min_length=1)


class KeepApartSettings(BaseModel):
    """Addresses of different people, whatever rules say that they are one."""

    model_config = _STRICT

    emails: list[str] = Field(min_length=2)


class MemberSettings(BaseModel):
    """Somebody in a team, for some time; days are those on which a change landed."""

    model_config = _STRICT

    who: str = Field(min_length=1)
    first_day: date | None = Field(default=None, alias="from")
    last_day: date | None = Field(default=None, alias="to")

    @model_validator(mode="after")
    def _in_order(self) -> "MemberSettings":
        if self.first_day and self.last_day and self.last_day < self.first_day:
            raise ValueError("'to' is before 'from'; exchange them, or leave one out")
        return self


class TeamSettings(BaseModel):
    """A team: members, repositories, or both."""

    model_config = _STRICT

    name: str = Field(min_length=1)
    members: list[MemberSettings] = []
    repositories: list[str] = []

    @field_validator("members", mode="before")
    @classmethod
    def _plain_members(cls, value: object) -> object:
        if not isinstance(value, list):
            return value
        return [{"who": item} if isinstance(item, str) else item for item in value]

    @field_validator("name")
    @classmethod
    def _free_name(cls, value: str) -> str:
        if value.strip() == NO_TEAM:
            raise ValueError(f"'{NO_TEAM}' names what belongs to no team; choose another name")
        return value

    @model_validator(mode="after")
    def _not_empty(self) -> "TeamSettings":
        if not self.members and not self.repositories:
            raise ValueError("a team has members or repositories; give one of the two, or both")
        return self


def checked_rules(value: Sequence[str]) -> list[str]:
    """The risky rules of identity that are on.

    Raises:
        ValueError: one of them does not exist.
    """
    known = optional_rules()
    if unknown := [rule for rule in value if rule not in known]:
        raise ValueError(f"no rule '{unknown[0]}'; use some of {', '.join(known)}, or none")
    return list(dict.fromkeys(value))


def conflict(
    contributors: Sequence[ContributorSettings],
    keep_apart: Sequence[KeepApartSettings],
    teams: Sequence[TeamSettings],
) -> str | None:
    """What the tables say against each other; None where they agree."""
    owners: dict[str, str] = {}
    for contributor in contributors:
        for email in map(plain, contributor.emails):
            if owners.setdefault(email, contributor.name) != contributor.name:
                return (
                    f"key 'contributors': {email} belongs to {owners[email]} and to "
                    f"{contributor.name}; give it to one of them"
                )
    for pair in keep_apart:
        emails = list(map(plain, pair.emails))
        names = [owners[email] for email in emails if email in owners]
        if len(set(names)) < len(names) or len(set(emails)) < len(emails):
            return (
                f"key 'keep_apart': {', '.join(pair.emails)}: two of them are one address, or "
                "belong to one contributor in the settings; remove one of the two entries"
            )
    names = [team.name for team in teams]
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        return f"key 'teams': there are two teams '{twice}'; put their members into one"
    return None


def plain(email: str) -> str:
    """An address as it is compared."""
    return email.strip().lower()
