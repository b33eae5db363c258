"""Which URLs a repository may be cloned from.

`https`, `ssh` (also as `user@host:path`) and `file`, and nothing in them that git, ssh or a
credential helper could take for something else: no option, no helper such as `ext::`, no
control character, no secret.
"""

import re
from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

from quarterdeck.extractors.errors import ExtractorError

SCHEMES = ("https", "ssh", "file")
_PORTS = {"https": ":443", "ssh": ":22"}  # what a URL without a port means
_SCP = re.compile(r"(?P<user>[\w.-]+)@(?P<host>[\w.-]+):(?P<path>\S+)")
_HOST = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*|\[[0-9A-Fa-f:.]+\]")
_USER = re.compile(r"[A-Za-z0-9_][\w.+@%-]*")
_HELPER = re.compile(r"[A-Za-z0-9+.-]+::")
# what forges call their tokens; and as long as only a token is
_TOKEN = re.compile(r"(?:gh[a-z]_|github_pat_|gl[a-z]+-|[a-z]{3,5}_[A-Za-z0-9]{20}|.{40})", re.S)
_LONGEST = 2000
_REMEDY = f"use {', '.join(f'{scheme}://' for scheme in SCHEMES)} or user@host:path"


class UnsafeUrlError(ExtractorError):
    """The URL is not one that Quarterdeck clones from; says why, and what to write."""


def is_meant_as_url(text: str) -> bool:
    """Whether `text` is written as a URL, allowed or not, and not as a path."""
    return "://" in text or bool(_HELPER.match(text)) or bool(_SCP.fullmatch(text))


def checked_url(url: str) -> str:
    """The URL with its scheme and host in lower case.

    Raises:
        UnsafeUrlError: it is not one that may be cloned from; does not repeat a secret.
    """
    if len(url) > _LONGEST or not unquote(url).isprintable() or re.search(r"\s", url):
        raise UnsafeUrlError(
            f"not a URL: it has blanks or control characters, or is too long; {_REMEDY}"
        )
    scp = _SCP.fullmatch(url)
    if scp and "://" not in url:
        _check(scp["user"], scp["host"])
        if scp["path"].startswith(("-", ":")):
            raise UnsafeUrlError("not a URL: its path begins with a dash or a colon")
        return f"{scp['user']}@{scp['host'].lower()}:{scp['path']}"
    scheme = url.partition("://")[0].lower()
    if scheme not in SCHEMES or "://" not in url:
        raise UnsafeUrlError(f"not a URL that Quarterdeck clones from; {_REMEDY}")
    return _checked_with_scheme(url, scheme)


def _checked_with_scheme(url: str, scheme: str) -> str:
    rest = url.partition("://")[2]
    try:
        parts = urlsplit(f"{scheme}://{rest}")
        port = parts.port
    except ValueError as error:
        raise UnsafeUrlError(f"not a URL: {error}") from error
    if scheme == "file":
        if parts.netloc or not PurePosixPath(parts.path).is_absolute() or parts.path == "/":
            raise UnsafeUrlError("not an absolute path; write file:///path/of/the/repository")
        return f"file://{rest}"
    if "?" in rest or "#" in rest:
        raise UnsafeUrlError(
            "a query or fragment stands in the URL, and may be a token; leave off what follows "
            "? or #, and a secret to git's credential helpers"
        )
    user, at, place = parts.netloc.rpartition("@")
    if parts.password is not None or ":" in unquote(user):
        raise UnsafeUrlError("a password stands in the URL; leave it to git's credential helpers")
    if scheme == "https" and _TOKEN.match(unquote(user)):
        raise UnsafeUrlError("a token stands in the URL; leave it to git's credential helpers")
    host = place.rpartition(":")[0] if port is not None else place.removesuffix(":")
    _check(user if at else None, host)
    if not parts.path.strip("/"):
        raise UnsafeUrlError("names a host and no repository on it")
    return f"{scheme}://{user}{at}{place.lower()}{rest[len(parts.netloc) :]}"


def _check(user: str | None, host: str) -> None:
    if user is not None and not _USER.fullmatch(user):
        raise UnsafeUrlError("not a URL: its user name is empty, or begins with a dash")
    if not _HOST.fullmatch(host):
        raise UnsafeUrlError("not a URL: its host is empty, begins with a dash, or is no host name")


def place_of(url: str) -> str:
    """What a checked URL leads to, however it is written: host and path, or a path alone.

    `https://forge.example/acme/app.git` and `git@forge.example:acme/app` are the same place; so
    is one with the scheme's own port, or with slashes doubled.
    """
    if url.startswith("file://"):  # git knows no query or fragment of it
        return re.sub("/+", "/", unquote(url.removeprefix("file://"))).rstrip("/")
    scp = _SCP.fullmatch(url)
    if scp and "://" not in url:
        host, path = scp["host"], scp["path"]
    else:
        parts = urlsplit(url)
        host = parts.netloc.rpartition("@")[2].removesuffix(_PORTS[parts.scheme]).removesuffix(":")
        path = unquote(parts.path)
    path = re.sub("/+", "/", path).strip("/").removesuffix(".git")
    return f"{host.lower()}/{path}"
