"""Settings about forges: whom to ask for pull requests. Without them nobody is asked."""

import re
from typing import Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from quarterdeck.extractors.forge_tokens import looks_like_a_token

Kind = Literal["github", "gitlab", "gitea"]
_STRICT = ConfigDict(extra="forbid", frozen=True)
_PUBLIC = {"github": "https://github.com", "gitlab": "https://gitlab.com"}
_API_PATH = re.compile(r"/api(/v\d+|/graphql)?/*$")
#: Path of a repository at its forge: owner/name, or groups and name.
SLUG = r"^[^\s/?#]+(/[^\s/?#]+)+$"


def checked_base_url(value: str | None) -> str | None:
    """A forge's address without a slash at its end.

    Raises:
        ValueError: it is no http address, or something stands in it that must not.
    """
    if value is None:
        return None
    parts = urlsplit(value)
    if parts.scheme not in ("https", "http") or not parts.hostname:
        raise ValueError("not the address of a forge; use one such as https://git.example.com")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ValueError(
            "has more than an address in it; leave off user, password and what follows ? or #, "
            "and put a token into the environment"
        )
    if parts.hostname == "api.github.com" or _API_PATH.search(parts.path):
        raise ValueError(
            "is the address of an API; give that of the forge, such as https://github.com"
        )
    return value.rstrip("/")


class ForgeSettings(BaseModel):
    """A forge that is asked for the pull requests of repositories whose origin it is."""

    model_config = _STRICT

    kind: Kind
    base_url: str | None = None
    token_env: str | None = Field(default=None, pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")
    repositories: list[str] = []

    @field_validator("base_url")
    @classmethod
    def _address(cls, value: str | None) -> str | None:
        return checked_base_url(value)

    @field_validator("token_env")
    @classmethod
    def _name_of_a_variable(cls, value: str | None) -> str | None:
        if value is not None and looks_like_a_token(value):
            raise ValueError(
                "is a token, it seems, and not the name of a variable; put the token into the "
                "environment, give the variable's name here, and revoke the token if others saw it"
            )
        return value

    @model_validator(mode="after")
    def _reachable(self) -> "ForgeSettings":
        if self.kind == "gitea" and self.base_url is None:
            raise ValueError("a forge of kind gitea needs its base_url; give it")
        return self

    @property
    def address(self) -> str:
        """Where the forge is."""
        return self.base_url or _PUBLIC[self.kind]


def default_address(kind: Kind, host: str | None) -> str | None:
    """Where a forge of a kind is whose repository has an origin on a host."""
    return f"https://{host}" if host is not None else _PUBLIC.get(kind)


def forges_conflict(forges: list[ForgeSettings]) -> str | None:
    """What the entries say against each other; None where they agree."""
    addresses = [forge.address for forge in forges if not forge.repositories]
    if len(set(addresses)) < len(addresses):
        twice = next(a for a in addresses if addresses.count(a) > 1)
        return f"{twice} stands there twice; remove one, or give each its repositories"
    for kind in ("gitlab", "gitea"):
        same = {f.address for f in forges if f.kind == kind and f.token_env is None}
        if len(same) > 1:
            return (
                f"{' and '.join(sorted(same))} would be sent the same token; give each a "
                "token_env of its own"
            )
    enterprise = {
        f.address for f in forges if f.kind == "github" and f.base_url and f.token_env is None
    } - {_PUBLIC["github"]}
    if len(enterprise) > 1:
        return (
            f"{' and '.join(sorted(enterprise))} would be sent the same token; give each a "
            "token_env of its own"
        )
    return None
