"""The kinds of forge, and how to reach each."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from quarterdeck.extractors import gitea, github, gitlab
from quarterdeck.extractors.forge_errors import ForgeAccessError
from quarterdeck.extractors.forge_http import ForgeClient
from quarterdeck.extractors.forge_pages import Extraction
from quarterdeck.extractors.forge_tokens import find_tokens, variables


@dataclass(frozen=True)
class Forge:
    """A forge as it is reached: of which kind, where, and with whose token."""

    kind: str  # github, gitlab or gitea
    base_url: str
    token_env: str | None = None


def open_client(
    forge: Forge, environment: Mapping[str, str], tell: Callable[[str], None]
) -> ForgeClient:
    """A client of a forge with the tokens that are found for it.

    Raises:
        ForgeAccessError: there is no token, and this forge answers nobody without one.
    """
    tokens = find_tokens(forge.kind, forge.base_url, forge.token_env, environment)
    if forge.kind == "github":
        if not tokens:
            raise ForgeAccessError(
                f"{forge.base_url}: no token; GitHub's GraphQL API answers nobody without one: set "
                f"{' or '.join(variables(forge.kind, forge.base_url))} in the environment, or log "
                "in through git's credential helper"
            )
        return ForgeClient(github.api_url(forge.base_url), tokens, tell=tell)
    api_url = gitlab.api_url if forge.kind == "gitlab" else gitea.api_url
    return ForgeClient(api_url(forge.base_url), tokens, tell=tell)


def extraction(forge: Forge, client: ForgeClient, slug: str, repository_id: str) -> Extraction:
    """The pull requests of a repository of a forge."""
    if forge.kind == "github":
        return github.GitHub(client, slug, repository_id)
    if forge.kind == "gitlab":
        return gitlab.GitLab(client, slug, repository_id)
    return gitea.Gitea(client, slug, repository_id)
