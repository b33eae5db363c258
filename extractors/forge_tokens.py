"""Tokens for forges: from the environment, else from git's credential helpers.

A token is sent to the one host that it was found for, and shown nowhere.
"""

import os
import re
import subprocess
from collections.abc import Iterable, Mapping
from urllib.parse import urlsplit

from quarterdeck.extractors.forge_errors import ForgeAccessError

#: Variables by kind of forge; for GitHub they are those of github.com, as its own tool has it.
VARIABLES: dict[str, tuple[str, ...]] = {
    "github": ("GH_TOKEN", "GITHUB_TOKEN"),
    "github-enterprise": ("GH_ENTERPRISE_TOKEN", "GITHUB_ENTERPRISE_TOKEN"),
    "gitlab": ("GITLAB_TOKEN",),
    "gitea": ("GITEA_TOKEN", "FORGEJO_TOKEN"),
}
_HELPER_SECONDS = 20.0
# with a forge's prefix, or of digits and small letters, which no name of a variable is
_TOKEN = re.compile(r"gh[a-z]_\w{16,}|github_pat_\w+|gl[a-z]+-.+|(?=.*[0-9])[0-9a-z]{20,}")


class Token:
    """A secret, and where it was found; its text is given to `header` alone."""

    __slots__ = ("_secret", "origin")

    def __init__(self, secret: str, origin: str) -> None:
        self._secret = secret
        self.origin = origin

    def __repr__(self) -> str:
        return f"Token(from {self.origin})"

    __str__ = __repr__

    def __reduce__(self) -> tuple[object, ...]:
        raise TypeError("a token is not written anywhere")

    def header(self) -> str:
        """The value of the header `Authorization`."""
        return f"Bearer {self._secret}"

    def scrubbed(self, text: str) -> str:
        """`text` without this token."""
        return text.replace(self._secret, "***")

    def scrubbed_bytes(self, content: bytes) -> bytes:
        """`content` without this token."""
        return content.replace(self._secret.encode(), b"***")


def looks_like_a_token(text: str) -> bool:
    """Whether `text` is a token rather than the name of a variable that holds one."""
    return _TOKEN.fullmatch(text) is not None


def variables(kind: str, base_url: str) -> tuple[str, ...]:
    """The environment variables that can hold a token for a forge."""
    host = (urlsplit(base_url).hostname or "").lower()
    if kind == "github" and host != "github.com" and not host.endswith(".ghe.com"):
        kind = "github-enterprise"
    return VARIABLES[kind]


def find_tokens(
    kind: str,
    base_url: str,
    token_env: str | None = None,
    environment: Mapping[str, str] = os.environ,
) -> list[Token]:
    """The tokens for a forge, each once.

    Args:
        kind: `github`, `gitlab` or `gitea`.
        base_url: the forge's address; for an address other than github.com the variables of
            GitHub Enterprise are read.
        token_env: the variable to read in place of the usual ones; it has to be set then.
        environment: where the variables are; several tokens in one are separated by commas.

    Raises:
        ForgeAccessError: `token_env` is not set, or a token cannot be one.
    """
    names = (token_env,) if token_env else variables(kind, base_url)
    for name in names:
        found = _split(environment.get(name, ""), name)
        if found:
            return found
    if token_env:
        raise ForgeAccessError(
            f"{base_url}: the environment has no variable {token_env}, which the settings name; "
            "set it to a token, or remove token_env"
        )
    return _from_helper(base_url, environment)


def _split(text: str, name: str) -> list[Token]:
    secrets = dict.fromkeys(part.strip() for part in text.split(",") if part.strip())
    for number, secret in enumerate(secrets, 1):
        if not re.fullmatch(r"[\x21-\x7e]{8,}", secret):
            raise ForgeAccessError(
                f"{name}: token {number} of {len(secrets)} has blanks or control characters, or "
                "is too short to be one; set the variable to tokens, separated by commas"
            )
    return [Token(secret, name) for secret in secrets]


def _from_helper(base_url: str, environment: Mapping[str, str]) -> list[Token]:
    """What `git credential fill` knows without asking anybody; no token where it knows none."""
    parts = urlsplit(base_url)
    host = parts.hostname or ""
    host = f"{host}:{parts.port}" if parts.port else host
    quiet = {"GIT_TERMINAL_PROMPT": "0", "GIT_ASKPASS": "", "SSH_ASKPASS": ""}
    quiet |= {"GCM_INTERACTIVE": "never", "LC_ALL": "C"}
    try:
        done = subprocess.run(
            ["git", "-c", "credential.interactive=false", "credential", "fill"],
            input=f"protocol={parts.scheme}\nhost={host}\n\n",
            env={**environment, **quiet},
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_HELPER_SECONDS,
            check=False,
        )
    except (FileNotFoundError, subprocess.TimeoutExpired):
        return []
    if done.returncode != 0:
        return []
    answer = dict(line.partition("=")[::2] for line in done.stdout.splitlines())
    secret = answer.get("password", "").strip()
    return [Token(secret, "git's credential helper")] if len(secret) >= 8 else []


def scrub(text: str, tokens: Iterable[Token]) -> str:
    """`text` without any of the tokens."""
    for token in tokens:
        text = token.scrubbed(text)
    return text
