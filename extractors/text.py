"""Bytes from git to text that any tool can read, and back."""

import re
from datetime import UTC, datetime, timedelta

_C_ESCAPES = {7: "a", 8: "b", 9: "t", 10: "n", 11: "v", 12: "f", 13: "r", 34: '"', 92: "\\"}
_ESCAPED = {letter.encode(): bytes([byte]) for byte, letter in _C_ESCAPES.items()}
_ESCAPE = re.compile(rb'\\([0-7]{3}|[abtnvfr"\\])')
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
#: First and last second of the years that Python, polars and DuckDB can all hold.
_FIRST_SECOND, _LAST_SECOND = -62135596800, 253402300799


def decode_path(path: bytes) -> str:
    """A path as text, reversible.

    Valid UTF-8 stays as it is. Anything else is quoted as git quotes it (`core.quotePath`):
    double quotes around, C escapes, and three octal digits for each byte that is not ASCII.
    """
    try:
        text = path.decode("utf-8")
    except UnicodeDecodeError:
        return quote_path(path)
    return quote_path(path) if text.startswith('"') or "\0" in text else text


def quote_path(path: bytes) -> str:
    """A path in double quotes with C escapes, as git writes and reads it."""
    quoted = []
    for byte in path:
        if byte in _C_ESCAPES:
            quoted.append("\\" + _C_ESCAPES[byte])
        elif 32 <= byte < 127:
            quoted.append(chr(byte))
        else:
            quoted.append(f"\\{byte:03o}")
    return '"' + "".join(quoted) + '"'


def unquote_path(quoted: bytes) -> bytes:
    """The bytes of a path that git wrote in double quotes with C escapes."""
    return _ESCAPE.sub(_unescape, quoted.removeprefix(b'"').removesuffix(b'"'))


def _unescape(found: "re.Match[bytes]") -> bytes:
    code = found[1]
    return bytes([int(code, 8) & 0xFF]) if len(code) == 3 else _ESCAPED[code]


def decode_text(raw: bytes, encoding: str | None = None) -> str:
    r"""A name, address or message as text.

    The commit's own encoding is used where it names one that Python knows. Bytes that do not
    fit are written as `\xNN`, and NUL as U+2400, so that nothing is lost without a trace.
    """
    try:
        text = raw.decode(encoding or "utf-8", errors="backslashreplace")
    except (LookupError, UnicodeError):
        text = raw.decode("utf-8", errors="backslashreplace")
    if "\0" in text:
        text = text.replace("\0", "\u2400")
    # Some decoders let lone surrogates through, which Parquet cannot hold.
    return text.encode("utf-8", errors="backslashreplace").decode("utf-8")


def timestamp(seconds: int) -> datetime | None:
    """Seconds since 1970 as a UTC time; None outside the years 1 to 9999."""
    if not _FIRST_SECOND <= seconds <= _LAST_SECOND:
        return None
    return _EPOCH + timedelta(seconds=seconds)
