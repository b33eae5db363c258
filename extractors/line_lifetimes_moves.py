"""Which changed lines of one change are not new: re-spaced or moved.

Both rules look at lines without their white space, so as `git blame -w` does.

- *Re-spaced*: a deleted and an added line of the same region (deleted lines that added lines
  replace) that differ in white space alone. Lines are paired in order; of equal lines the
  first with the first, and the longest set of pairs that do not cross is taken.
- *Moved*: among what is left, a block of consecutive deleted lines of one file that appears as
  consecutive added lines anywhere in the same change. As in `git blame -M -C` a block counts
  from 20 letters and digits within one file and from 40 between files; so a blank line or a
  lone brace is never a block, but goes along inside of one or at its ends. Each deleted line
  can be carried to one place only; a second copy is new code.
"""

import re
from bisect import bisect_left, bisect_right
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import NamedTuple, Protocol

RESPACED = "respaced"
MOVED = "moved"

#: Letters and digits that make a block within a file and between files (blame's -M and -C).
WITHIN_FILE, BETWEEN_FILES = 20, 40
#: Of a deleted line that occurs more often than this in one change, the first ones are tried.
_MOST_CANDIDATES = 32

_NOT_ALPHANUMERIC = re.compile(rb"[^0-9A-Za-z\x80-\xff]+")


class Span(NamedTuple):
    """A region: `gone` lines from line `old` on (from 0) became `come` lines from `new` on."""

    old: int
    gone: int
    new: int
    come: int

    @property
    def old_end(self) -> int:
        """The first line after the region on the old side."""
        return self.old + self.gone


class Carried(NamedTuple):
    """`lines` lines of one file's old side that live on in a file's new side."""

    old_file: int
    old: int
    new_file: int
    new: int
    lines: int
    kind: str


class _HasSpans(Protocol):
    spans: list[Span]


#: Removed and added lines as git prints them, by number of the file and of its span.
Contents = dict[tuple[int, int], tuple[bytes, bytes]]


class _Side:
    """The lines of one side of a change without white space, span by span."""

    def __init__(self, texts: Iterable[bytes], prefix: bytes) -> None:
        text = b"".join(texts)
        plain = text.replace(b"\n" + prefix, b"\n")[1:].translate(None, b" \t\r\v\f")
        self.keys: list[bytes] = plain.split(b"\n")[:-1]
        self.free = bytearray(b"\1") * len(self.keys)
        #: Whether a line is the first of its span; between two spans of a file there are others.
        self.begins = bytearray(len(self.keys) + 1)
        self.begins[-1] = 1
        self._firsts: list[int] = []
        self._places: list[tuple[int, int]] = []  # file and line that each span begins with

    def add(self, first: int, file: int, line: int) -> None:
        """Tell where the span that begins with line `first` of the side stands."""
        self.begins[first] = 1
        self._firsts.append(first)
        self._places.append((file, line))

    def place(self, at: int) -> tuple[int, int]:
        """File and line of a line of the side."""
        span = bisect_right(self._firsts, at) - 1
        file, line = self._places[span]
        return file, line + at - self._firsts[span]


def find_carried(
    files: Sequence[_HasSpans], contents: Mapping[tuple[int, int], tuple[bytes, bytes]]
) -> list[Carried]:
    """The ranges of lines of a change that are not new, each line at most once."""
    old_side = _Side((removed for removed, _ in contents.values()), b"-")
    new_side = _Side((added for _, added in contents.values()), b"+")
    common = set(old_side.keys).intersection(new_side.keys)
    if not common:
        return []
    carried: list[Carried] = []
    old_at = new_at = 0
    for file, number in contents:
        span = files[file].spans[number]
        if span.gone:
            old_side.add(old_at, file, span.old)
        if span.come:
            new_side.add(new_at, file, span.new)
        removed = old_side.keys[old_at : old_at + span.gone]
        added = new_side.keys[new_at : new_at + span.come]
        if removed and added and not common.isdisjoint(removed) and not common.isdisjoint(added):
            for old, new, lines in _ranges(respaced(removed, added)):
                carried.append(Carried(file, span.old + old, file, span.new + new, lines, RESPACED))
                taken = bytes(lines)
                old_side.free[old_at + old : old_at + old + lines] = taken
                new_side.free[new_at + new : new_at + new + lines] = taken
        old_at, new_at = old_at + span.gone, new_at + span.come
    seeds = {key for key in common if _NOT_ALPHANUMERIC.sub(b"", key)}
    return carried + _moved(old_side, new_side, seeds) if seeds else carried


def respaced(removed: Sequence[bytes], added: Sequence[bytes]) -> list[tuple[int, int]]:
    """Pairs (index in removed, index in added) of equal lines that do not cross, in order."""
    head = 0
    least = min(len(removed), len(added))
    while head < least and removed[head] == added[head]:
        head += 1
    tail = 0
    while tail < least - head and removed[-1 - tail] == added[-1 - tail]:
        tail += 1
    pairs = [(at, at) for at in range(head)]
    pairs += _in_order(removed, added, head, tail)
    last_old, last_new = len(removed) - tail, len(added) - tail
    pairs += [(last_old + at, last_new + at) for at in range(tail)]
    return pairs


def _in_order(
    removed: Sequence[bytes], added: Sequence[bytes], head: int, tail: int
) -> list[tuple[int, int]]:
    where: dict[bytes, list[int]] = {}
    for old in range(len(removed) - tail - 1, head - 1, -1):
        where.setdefault(removed[old], []).append(old)
    pairs = []
    for new in range(head, len(added) - tail):
        places = where.get(added[new])
        if places:
            pairs.append((places.pop(), new))
    # The longest increasing subsequence of the old places.
    ends: list[int] = []
    at_end: list[int] = []
    before: list[int] = []
    for number, (old, _) in enumerate(pairs):
        length = bisect_left(ends, old)
        before.append(at_end[length - 1] if length else -1)
        ends[length : length + 1] = [old]
        at_end[length : length + 1] = [number]
    chosen = []
    number = at_end[-1] if at_end else -1
    while number >= 0:
        chosen.append(pairs[number])
        number = before[number]
    return chosen[::-1]


def _ranges(pairs: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int, int]]:
    """Runs of pairs that go on by one on both sides: (first old, first new, lines)."""
    start = 0
    for at in range(1, len(pairs) + 1):
        old, new = pairs[at - 1]
        if at == len(pairs) or pairs[at] != (old + 1, new + 1):
            yield *pairs[start], at - start
            start = at


def _moved(old_side: _Side, new_side: _Side, seeds: set[bytes]) -> list[Carried]:
    """Blocks through a line of `seeds`, which are the lines that both sides have."""
    candidates: dict[bytes, deque[int]] = {key: deque() for key in seeds}
    free = old_side.free
    for at, key in enumerate(old_side.keys):
        if key in seeds and free[at]:
            candidates[key].append(at)
    moved = []
    letters: dict[bytes, int] = {}
    after = 0
    for at in [at for at, key in enumerate(new_side.keys) if key in seeds]:
        if at < after or not new_side.free[at]:
            continue
        places = candidates[new_side.keys[at]]
        best = _longest(old_side, new_side, at, places, letters) if places else None
        if best is None:
            continue
        old, new, lines = best
        old_side.free[old : old + lines] = new_side.free[new : new + lines] = bytes(lines)
        moved.append(Carried(*old_side.place(old), *new_side.place(new), lines, MOVED))
        after = new + lines
    return moved


def _longest(
    old_side: _Side, new_side: _Side, new: int, places: deque[int], letters: dict[bytes, int]
) -> tuple[int, int, int] | None:
    """The longest block through added line `new` that counts: (old index, new index, lines).

    `letters` remembers how many letters and digits a line has.
    """
    free = old_side.free
    file = -1
    while places and not free[places[0]]:
        places.popleft()
    best = None
    for old in islice((place for place in places if free[place]), _MOST_CANDIDATES):
        first = _before(old_side, new_side, old, new)
        lines = first + 1 + _after(old_side, new_side, old, new)
        if best is None or lines > best[2]:
            found = _alphanumerics(old_side.keys, old - first, lines, letters)
            if found < WITHIN_FILE:
                continue
            if found < BETWEEN_FILES:
                file = new_side.place(new)[0] if file < 0 else file
                if old_side.place(old)[0] != file:
                    continue
            best = (old - first, new - first, lines)
    return best


def _before(old_side: _Side, new_side: _Side, old: int, new: int) -> int:
    """How many lines right before the pair at hand match as well."""
    count = 0
    while not (old_side.begins[old] or new_side.begins[new]):
        old, new = old - 1, new - 1
        if not (old_side.free[old] and new_side.free[new]):
            break
        if old_side.keys[old] != new_side.keys[new]:
            break
        count += 1
    return count


def _after(old_side: _Side, new_side: _Side, old: int, new: int) -> int:
    """How many lines right after the pair at hand match as well."""
    count = 0
    while True:
        old, new = old + 1, new + 1
        if old_side.begins[old] or new_side.begins[new]:
            return count
        if not (old_side.free[old] and new_side.free[new]):
            return count
        if old_side.keys[old] != new_side.keys[new]:
            return count
        count += 1


def _alphanumerics(keys: Sequence[bytes], first: int, lines: int, letters: dict[bytes, int]) -> int:
    """Letters and digits of a block, counted until there are enough for any block."""
    total = 0
    for at in range(first, first + lines):
        key = keys[at]
        count = letters.get(key)
        if count is None:
            count = letters[key] = len(_NOT_ALPHANUMERIC.sub(b"", key))
        total += count
        if total >= BETWEEN_FILES:
            break
    return total
