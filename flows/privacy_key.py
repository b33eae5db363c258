"""The key of the pseudonyms: in the environment or in a file, never in the database."""

import hashlib
import hmac
import os
import secrets
from pathlib import Path

from quarterdeck.flows.errors import SettingsError
from quarterdeck.flows.progress import reporter
from quarterdeck.flows.settings import ENVIRONMENT_PREFIX, Settings

#: Goes before the file.
VARIABLE = f"{ENVIRONMENT_PREFIX}PRIVACY_KEY"
_SHORTEST = 32
_OTHERS = 0o077


def privacy_key(settings: Settings) -> bytes | None:
    """The key, made and kept in its file where there is none yet; None without pseudonyms.

    Raises:
        SettingsError: the key is too short, others may read it, or it cannot be read or made.
    """
    if settings.privacy == "open":
        return None
    if VARIABLE in os.environ:
        return _checked(os.environ[VARIABLE], f"environment: {VARIABLE}")
    path = settings.privacy_key_file
    try:
        return _checked(_read_or_make(path), str(path))
    except UnicodeDecodeError as error:
        raise SettingsError(f"{path}: not text; put a random text of 64 letters there") from error
    except OSError as error:
        raise SettingsError(
            f"{path}: the key of the pseudonyms cannot be read or made: {error.strerror or error}; "
            f"name another place by privacy_key_file, or set {VARIABLE}"
        ) from error


def key_mark(key: bytes | None) -> str:
    """What tells one key from another and does not tell the key."""
    if key is None:
        return "open"
    return hmac.new(key, b"which key", hashlib.sha256).hexdigest()


def _read_or_make(path: Path) -> str:
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            pass  # another run made it just now
        else:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(secrets.token_hex(32) + "\n")
            reporter().line(
                f"{path}: made a key for pseudonyms; keep it, and keep it from others: another "
                "key gives other pseudonyms, and whoever has it can test who is who"
            )
    if os.name == "posix" and path.stat().st_mode & _OTHERS:
        raise SettingsError(f"{path}: others may read the key; `chmod 600` it")
    return path.read_text(encoding="utf-8")


def _checked(text: str, where: str) -> bytes:
    text = text.strip()
    if len(text) < _SHORTEST:
        raise SettingsError(
            f"{where}: the key has fewer than {_SHORTEST} characters, so it can be guessed; "
            "make one with `openssl rand -hex 32`"
        )
    return text.encode()
