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
from bisect import bisect_left
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
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


#: Removed and added lines, without white space, by number of the file and of its span.
Contents = dict[tuple[int, int], tuple[list[bytes], list[bytes]]]


class _Side:
    """The lines of one side of a change, one after the other, with where each belongs."""

    def __init__(self) -> None:
        self.keys: list[bytes] = []
        self.places: list[tuple[int, int]] = []  # file, line
        self.free: list[bool] = []

    def add(self, file: int, first: int, keys: Sequence[bytes], taken: set[int]) -> None:
        self.keys += keys
        self.places += [(file, first + at) for at in range(len(keys))]
        self.free += [at not in taken for at in range(len(keys))]

    def follows(self, at: int, before: int) -> bool:
        """Whether line `at` stands right after line `before` in its file."""
        file, line = self.places[before]
        return self.places[at] == (file, line + 1)


def find_carried(
    files: Sequence[_HasSpans], contents: Mapping[tuple[int, int], tuple[list[bytes], list[bytes]]]
) -> list[Carried]:
    """The ranges of lines of a change that are not new, each line at most once."""
    carried: list[Carried] = []
    pairs_of = {}
    gone: set[bytes] = set()
    come: set[bytes] = set()
    for (file, number), (removed, added) in contents.items():
        gone.update(removed)
        come.update(added)
        pairs = respaced(removed, added) if removed and added else []
        if pairs:
            pairs_of[file, number] = pairs
            span = files[file].spans[number]
            for old, new, lines in _ranges(pairs):
                carried.append(Carried(file, span.old + old, file, span.new + new, lines, RESPACED))
    seeds = {key for key in gone & come if _NOT_ALPHANUMERIC.sub(b"", key)}
    if not seeds:
        return carried
    old_side, new_side = _Side(), _Side()
    for (file, number), (removed, added) in contents.items():
        span, pairs = files[file].spans[number], pairs_of.get((file, number), [])
        old_side.add(file, span.old, removed, {old for old, _ in pairs})
        new_side.add(file, span.new, added, {new for _, new in pairs})
    return carried + _moved(old_side, new_side, seeds)


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
    for at, key in enumerate(old_side.keys):
        if old_side.free[at] and key in candidates:
            candidates[key].append(at)
    moved = []
    at = 0
    while at < len(new_side.keys):
        key = new_side.keys[at]
        places = candidates.get(key) if new_side.free[at] else None
        best = _longest(old_side, new_side, at, places) if places else None
        if best is None:
            at += 1
            continue
        old, new, lines = best
        for step in range(lines):
            old_side.free[old + step] = new_side.free[new + step] = False
        moved.append(Carried(*old_side.places[old], *new_side.places[new], lines, MOVED))
        at = new + lines
    return moved


def _longest(
    old_side: _Side, new_side: _Side, new: int, places: deque[int]
) -> tuple[int, int, int] | None:
    """The longest block through added line `new` that counts: (old index, new index, lines)."""
    while places and not old_side.free[places[0]]:
        places.popleft()
    best = None
    for old in islice((place for place in places if old_side.free[place]), _MOST_CANDIDATES):
        first = _extent(old_side, new_side, old, new, -1)
        lines = first + 1 + _extent(old_side, new_side, old, new, 1)
        if best is None or lines > best[2]:
            same_file = old_side.places[old][0] == new_side.places[new][0]
            needed = WITHIN_FILE if same_file else BETWEEN_FILES
            if _alphanumerics(old_side.keys, old - first, lines, needed):
                best = (old - first, new - first, lines)
    return best


def _extent(old_side: _Side, new_side: _Side, old: int, new: int, step: int) -> int:
    """How many lines beyond the pair at hand, in one direction, match as well."""
    count = 0
    while True:
        next_old, next_new = old + step, new + step
        if not (0 <= next_old < len(old_side.keys) and 0 <= next_new < len(new_side.keys)):
            return count
        if old_side.keys[next_old] != new_side.keys[next_new]:
            return count
        if not (old_side.free[next_old] and new_side.free[next_new]):
            return count
        if not old_side.follows(max(old, next_old), min(old, next_old)):
            return count
        if not new_side.follows(max(new, next_new), min(new, next_new)):
            return count
        old, new, count = next_old, next_new, count + 1


def _alphanumerics(keys: Sequence[bytes], first: int, lines: int, needed: int) -> bool:
    total = 0
    for key in keys[first : first + lines]:
        total += len(_NOT_ALPHANUMERIC.sub(b"", key))
        if total >= needed:
            return True
    return False
