"""What `.gitattributes` files say about a path, for the attributes that bear on file classes.

Semantics as in gitattributes(5), https://git-scm.com/docs/gitattributes: the last matching line
decides, files nearer to the path go before those further up, a pattern that matches a directory
does not reach what is below it, negative patterns are not allowed, and a malformed line is ignored.
Of macros only the built-in `binary` is expanded; lines that define macros (`[attr]`) are ignored.
"""

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from operator import itemgetter
from typing import Final

from pathspec.patterns.gitignore.base import GitIgnorePatternError
from pathspec.patterns.gitignore.spec import GitIgnoreSpecPattern

Value = bool | str | None
"""True is set, False is unset, a text is its value, None takes an earlier setting back."""

RELEVANT: Final = frozenset(
    (
        "linguist-generated",
        "linguist-vendored",
        "linguist-documentation",
        "linguist-language",
        "diff",
        "binary",
    )
)
_MAX_LINE_BYTES: Final = 2048  # git ignores longer lines (attr.h, ATTR_MAX_LINE_LENGTH)
_NAME = re.compile(r"[A-Za-z0-9_.][-A-Za-z0-9_.]*")
_SPACE = " \t\r\n"
_ESCAPES: Final = {
    "a": 7,
    "b": 8,
    "f": 12,
    "n": 10,
    "r": 13,
    "t": 9,
    "v": 11,
    "\\": 92,
    '"': 34,
}


@dataclass(frozen=True, slots=True)
class AttributeLine:
    """One line that can bear on a file class.

    Attributes:
        directory: directory of its `.gitattributes` with a final slash, or '' for the root.
        head: text that the path begins with wherever the pattern matches.
        tail: text that the path ends with wherever the pattern matches.
        expression: what the rest of the path has to match.
        values: attribute name and value, in order.
        key: one of the `keys_of` each path that the pattern can match.
    """

    directory: str
    head: str
    tail: str
    expression: re.Pattern[str]
    values: tuple[tuple[str, Value], ...]
    key: str

    def matches(self, path: str) -> bool:
        """Whether the pattern matches the file itself, not only a directory above it."""
        if not (path.endswith(self.tail) and path.startswith(self.head)):
            return False
        match = self.expression.match(path[len(self.directory) :])
        return match is not None and not match.groupdict().get("ps_d")


def lines_of(files: Iterable[tuple[str, str]]) -> tuple[AttributeLine, ...]:
    """The lines of a repository's `.gitattributes` files, those that decide first first.

    Args:
        files: (path, content) of the files; paths with another file name are ignored.
    """
    ordered = sorted(files, key=lambda file: (file[0].count("/"), file[0]))
    return tuple(
        line
        for path, content in ordered
        if path.rpartition("/")[2] == ".gitattributes"
        for line in parse_attributes(path, content)
    )[::-1]


def keys_of(path: str) -> tuple[str, str, str]:
    """The keys under which to look for lines that can match a path."""
    name = path.rpartition("/")[2]
    return "", "=" + name, "." + name.rpartition(".")[2]


class Attributes:
    """What lines say about paths.

    Args:
        lines: from `lines_of`.
    """

    def __init__(self, lines: Iterable[AttributeLine]) -> None:
        self._lines: defaultdict[str, list[tuple[int, AttributeLine]]] = defaultdict(list)
        for number, line in enumerate(lines):
            self._lines[line.key].append((number, line))

    def of(self, path: str) -> dict[str, Value]:
        """The relevant attributes of a path; those never set or taken back are absent."""
        decided: dict[str, Value] = {}
        found = [item for key in keys_of(path) for item in self._lines.get(key, ())]
        for _, line in sorted(found, key=itemgetter(0)):
            if line.matches(path):
                for name, value in reversed(line.values):
                    decided.setdefault(name, value)
        return {name: value for name, value in decided.items() if value is not None}


def parse_attributes(path: str, content: str) -> tuple[AttributeLine, ...]:
    """Read one `.gitattributes` file; lines that git would ignore are left out.

    Args:
        path: path of the file within the repository.
        content: its text.

    Returns:
        Its lines that set a relevant attribute, in order.
    """
    directory = path[: -len(".gitattributes")]
    lines = (_line(directory, raw) for raw in content.removeprefix("\ufeff").split("\n"))
    return tuple(line for line in lines if line is not None)


# files with a line for each big file of a repository grow by a line at a time
@lru_cache(maxsize=1 << 16)
def _line(directory: str, raw: str) -> AttributeLine | None:
    if len(raw.encode("utf-8", "surrogatepass")) >= _MAX_LINE_BYTES:
        return None
    pattern, rest = _split_pattern(raw.lstrip(_SPACE))
    values = _values(rest)
    if pattern is None or not values:
        return None
    expression = _expression(pattern)
    if expression is None:
        return None
    head, tail = _literal_ends(pattern)
    return AttributeLine(directory, directory + head, tail, expression, values, _key(pattern))


def _split_pattern(line: str) -> tuple[str | None, str]:
    if not line or line.startswith(("#", "[attr]")):
        return None, ""
    if line.startswith('"'):
        unquoted = _unquote(line)
        if unquoted is not None:
            return unquoted
    end = next((i for i, character in enumerate(line) if character in _SPACE), len(line))
    return line[:end], line[end:]


def _unquote(line: str) -> tuple[str, str] | None:
    """Undo git's C-style quoting; None when the quoting is broken (git reads on unquoted)."""
    out = bytearray()
    i = 1
    while i < len(line):
        character = line[i]
        if character == '"':
            return out.decode("utf-8", "replace"), line[i + 1 :]
        if character != "\\":
            out += character.encode("utf-8", "surrogatepass")
            i += 1
        elif line[i + 1 : i + 2] in _ESCAPES:
            out.append(_ESCAPES[line[i + 1]])
            i += 2
        elif re.fullmatch("[0-3][0-7]{2}", line[i + 1 : i + 4]):
            out.append(int(line[i + 1 : i + 4], 8))
            i += 4
        else:
            return None
    return None


def _values(text: str) -> tuple[tuple[str, Value], ...]:
    """Relevant attributes of a line; none when one of them, relevant or not, is malformed."""
    values: list[tuple[str, Value]] = []
    for word in text.split():
        value: Value
        name, equals, given = word.partition("=")
        if name.startswith("-"):
            name, value = name[1:], False
        elif name.startswith("!"):
            name, value = name[1:], None
        else:
            value = given if equals else True
        if not _NAME.fullmatch(name) or name.startswith("builtin_"):
            return ()
        if name in RELEVANT:
            values.append((name, value))
        if name == "binary" and value is True:
            values.append(("diff", False))
    return tuple(values)


def _is_plain(pattern: str) -> bool:
    return not ("\\" in pattern or "[" in pattern or pattern != pattern.strip())


def _key(pattern: str) -> str:
    """The file name or the last extension that the pattern spells out."""
    if not _is_plain(pattern):
        return ""
    name = pattern.rpartition("/")[2]
    literal = re.split(r"[*?]", name)[-1]
    if literal == name:
        return "=" + name
    return "." + literal.rpartition(".")[2] if "." in literal else ""


def _literal_ends(pattern: str) -> tuple[str, str]:
    """Text before the first and after the last wildcard; empty where that is not plain to see."""
    if not _is_plain(pattern):
        return "", ""
    parts = re.split(r"[*?]", pattern.removeprefix("/"))
    return parts[0] if "/" in pattern else "", parts[-1].removeprefix("/")


def _expression(pattern: str) -> re.Pattern[str] | None:
    if pattern.startswith("!") or pattern.endswith("/"):
        return None
    if pattern.startswith("#"):
        pattern = "\\" + pattern
    try:
        expression, _ = GitIgnoreSpecPattern.pattern_to_regex(pattern)
    except GitIgnorePatternError:
        return None
    return None if expression is None else re.compile(expression, re.DOTALL)
