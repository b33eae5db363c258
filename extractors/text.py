"""Bytes from git to text that any tool can read, and back."""

import re

_C_ESCAPES = {7: "a", 8: "b", 9: "t", 10: "n", 11: "v", 12: "f", 13: "r", 34: '"', 92: "\\"}
_ESCAPED = {letter.encode(): bytes([byte]) for byte, letter in _C_ESCAPES.items()}
_ESCAPE = re.compile(rb'\\([0-7]{3}|[abtnvfr"\\])')


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
    if encoding is None:
        try:
            text = raw.decode()
        except UnicodeDecodeError:
            text = raw.decode("utf-8", errors="backslashreplace")
        return text.replace("\0", "\u2400") if "\0" in text else text
    try:
        text = raw.decode(encoding, errors="backslashreplace")
    except (LookupError, UnicodeError):
        return decode_text(raw)
    # Some decoders let lone surrogates through, which Parquet cannot hold.
    return text.replace("\0", "\u2400").encode("utf-8", errors="backslashreplace").decode()
