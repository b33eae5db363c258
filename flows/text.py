"""Text of repositories on terminals: a terminal must not be driven by a commit message."""

import json


def printable(text: str) -> str:
    """`text` with a replacement character for each control and formatting character."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)


def printable_lines(text: str) -> str:
    """The same for text of several lines."""
    return "\n".join(printable(line) for line in text.split("\n"))


def escaped(text: str) -> str:
    r"""`text` in which what is not printable, or no Unicode, stands as an escape such as `\x1b`."""
    return "".join(
        c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text
    )


def printable_json(value: object) -> str:
    """JSON in which what is not printable stands as an escape; it reads back as the same value."""
    text = json.dumps(value, indent=2, default=str, ensure_ascii=False)
    return "".join(c if c.isprintable() or c == "\n" else json.dumps(c)[1:-1] for c in text)
