"""What to keep of a file's content, and whether that says that a tool wrote it.

Mining keeps facts (`facts_of`), and the build judges them (`generated_rule`), so that a better
rule needs no re-mining.

The rules are data (`content_markers.toml`). That none of them holds proves nothing.
"""

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Final, NamedTuple

from quarterdeck.extractors.text import decode_text

_NEAR_LINES: Final = 4
_HEAD_LINES: Final = 100
_HEAD_BYTES: Final = 16 << 10
_TAIL_LINES: Final = 5
_TAIL_BYTES: Final = 4 << 10
_KEPT_LINES: Final = 20
_KEPT_BYTES: Final = 300

# In lower case, and wider than any marker that is known: what is not kept cannot be judged later.
_SUSPECTS: Final = (
    *(b"generat", b"sourcemappingurl", b"sourceurl", b"minified", b"transpiled"),
    *(b"compiled by", b"compiled from", b"produced by", b"created by", b"made by"),
    *(b"do not ", b"don't "),
)


# Preprocessor lines, attributes, directives and Go's package clause stand above headers, too.
_COMMENTS: Final = (
    *(b"#", b"//", b"--", b";", b"%", b"*", b"!", b"'", b'"use ', b"@", b"<?", b"<!"),
    *(b"dnl", b"rem ", b"REM ", b"package "),
)
_BLOCKS: Final = (
    *((b"/*", b"*/"), (b"<!--", b"-->"), (b"--[[", b"]]"), (b"{-", b"-}"), (b"(*", b"*)")),
    *((b'"""', b'"""'), (b"'''", b"'''"), (b"=begin", b"=end"), (b"<#", b"#>"), (b"#|", b"|#")),
)


class MarkerLine(NamedTuple):
    """A line near an end of a file that may say who wrote it; `line` counts from 1."""

    line: int
    text: str


class ContentFacts(NamedTuple):
    """What is kept of one text: lengths in bytes, and the lines that may be markers.

    `header_lines` is how many lines stand before the first that is no comment.
    """

    size: int
    lines: int
    longest_line: int
    header_lines: int
    marker_lines: tuple[MarkerLine, ...]


def facts_of(content: bytes) -> ContentFacts:
    """The facts of a text, in any encoding that extends ASCII.

    Looks for markers in the first 100 lines (16 KiB) and the last 5 (4 KiB), and keeps at most
    25 lines, each cut at 300 bytes. A line without a final newline is a line.
    """
    lines = content.split(b"\n")
    if not lines[-1]:
        lines.pop()
    head = _reach(lines[:_HEAD_LINES], _HEAD_BYTES)
    tail = min(_reach(lines[: -_TAIL_LINES - 1 : -1], _TAIL_BYTES), len(lines) - head)
    found: list[MarkerLine] = []
    for number in _suspect_lines(b"\n".join(lines[:head])):
        _keep(found, number + 1, lines[number][:_HEAD_BYTES])
    del found[_KEPT_LINES:]
    first = len(lines) - tail
    for number in _suspect_lines(b"\n".join(lines[first:])):
        _keep(found, first + number + 1, lines[first + number][:_TAIL_BYTES])
    longest = max(map(len, lines), default=0)
    header = _header(lines[:head])
    return ContentFacts(len(content), len(lines), longest, header, tuple(found))


def _reach(lines: list[bytes], limit: int) -> int:
    """How many lines begin within so many bytes, one at least if there is any."""
    for number, line in enumerate(lines):
        if limit <= 0:
            return number
        limit -= len(line) + 1
    return len(lines)


def _header(lines: list[bytes]) -> int:
    """How many lines are blank or look like a comment, in whatever language, up to the first other.

    A generator of code holds the header of its output too, but below code of its own.
    """
    end: bytes | None = None
    for number, line in enumerate(lines):
        text = line.strip().removeprefix(b"\xef\xbb\xbf")
        if end is not None:
            end = None if end in text else end
            continue
        block = next((item for item in _BLOCKS if text.startswith(item[0])), None)
        if block is not None:
            end = None if block[1] in text[len(block[0]) :] else block[1]
        elif text and not text.startswith(_COMMENTS):
            return number
    return len(lines)


def _suspect_lines(text: bytes) -> list[int]:
    """Lines that hold a suspect word, from 0, in order."""
    lowered = text.lower()
    numbers = set()
    for word in _SUSPECTS:
        at = lowered.find(word)
        while at >= 0:
            numbers.add(lowered.count(b"\n", 0, at))
            end = lowered.find(b"\n", at)
            at = lowered.find(word, end) if end >= 0 else -1
    return sorted(numbers)


def _suspect(text: bytes) -> int | None:
    """Where the first suspect word begins, if there is any."""
    lowered = text.lower()
    found = [at for at in map(lowered.find, _SUSPECTS) if at >= 0]
    return min(found, default=None)


def _keep(found: list[MarkerLine], number: int, line: bytes) -> None:
    at = _suspect(line)
    if at is None:
        return
    start = max(0, at - _KEPT_BYTES // 2) if len(line) > _KEPT_BYTES else 0
    kept = line[start : start + _KEPT_BYTES].rstrip(b"\r").removeprefix(b"\xef\xbb\xbf")
    # what stands in the middle of a line must not look like its beginning
    found.append(MarkerLine(number, "\u2026" * bool(start) + decode_text(kept)))


@dataclass(frozen=True, slots=True)
class _Marker:
    id: str
    pattern: re.Pattern[str]
    near: re.Pattern[str] | None
    languages: frozenset[str]
    lines: int
    tail: int
    anywhere: bool

    def holds(self, facts: ContentFacts) -> bool:
        """Whether a kept line in reach is such a marker."""
        first = facts.lines - self.tail + 1 if self.tail else 1
        last = facts.lines if self.tail else self.lines
        if not (self.tail or self.anywhere):
            last = min(last, facts.header_lines)
        return any(
            first <= found.line <= last
            and self.pattern.search(found.text) is not None
            and (self.near is None or _is_near(self.near, found, facts.marker_lines))
            for found in facts.marker_lines
        )


@dataclass(frozen=True, slots=True)
class _Shape:
    id: str
    languages: frozenset[str]
    mean_line: int
    longest_line: int

    def holds(self, facts: ContentFacts) -> bool:
        """Whether the lines are as long as only a tool writes them."""
        return facts.longest_line > self.longest_line and facts.size > self.mean_line * facts.lines


def generated_rule(facts: ContentFacts, language: str | None) -> str | None:
    """The first rule that says a tool wrote the file, such as `content:go`; None without one.

    Args:
        facts: from `facts_of`.
        language: the path's language, for the rules that hold for some languages only.
    """
    for rule in _rules():
        if (not rule.languages or language in rule.languages) and rule.holds(facts):
            return f"content:{rule.id}"
    return None


def _is_near(pattern: re.Pattern[str], found: MarkerLine, lines: Sequence[MarkerLine]) -> bool:
    return any(
        abs(line.line - found.line) <= _NEAR_LINES and pattern.search(line.text) for line in lines
    )


@lru_cache(maxsize=1)
def _rules() -> tuple[_Marker | _Shape, ...]:
    data = tomllib.loads((files(__package__) / "content_markers.toml").read_text("utf-8"))
    markers = [
        _Marker(
            item["id"],
            re.compile(item["pattern"]),
            re.compile(item["near"]) if "near" in item else None,
            frozenset(item.get("languages", ())),
            item.get("lines", 40),
            item.get("tail", 0),
            item.get("anywhere", False),
        )
        for item in data["marker"]
    ]
    shapes = [
        _Shape(item["id"], frozenset(item["languages"]), item["mean_line"], item["longest_line"])
        for item in data["shape"]
    ]
    return (*markers, *shapes)
