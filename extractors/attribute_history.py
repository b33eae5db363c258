"""What `.gitattributes` says about paths at each moment of a default branch."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from itertools import groupby
from operator import itemgetter
from typing import NamedTuple

from quarterdeck.extractors.git_attributes import (
    AttributeLine,
    Attributes,
    Value,
    keys_of,
    lines_of,
)

#: (position, path, content); see `AttributeHistory`.
Version = tuple[int, str, str]
#: Attributes, and the position from which on they hold.
Span = tuple[int, Mapping[str, Value]]


class _State(NamedTuple):
    position: int
    lines: tuple[AttributeLine, ...]


class AttributeHistory:
    """The `.gitattributes` files of one repository along its chain of landed changes.

    Args:
        versions: for each file and each position from which on it has another content: the
            position (0 is the oldest landed change), the file's path, and the content, which is
            empty where the file is gone.
    """

    def __init__(self, versions: Iterable[Version]) -> None:
        files: dict[str, str] = {}
        self._states: list[_State] = []
        # by key the lines that come or go, each with the number of the state that they make
        self._changed: defaultdict[str, list[tuple[int, AttributeLine]]] = defaultdict(list)
        before: tuple[AttributeLine, ...] = ()
        for position, found in groupby(sorted(versions), key=itemgetter(0)):
            files |= {path: content for _, path, content in found}
            lines = lines_of(files.items())
            for line in _changed(before, lines):
                self._changed[line.key].append((len(self._states), line))
            if lines != before:
                self._states.append(_State(position, lines))
                before = lines

    def of(self, paths: Iterable[str]) -> dict[str, list[Span]]:
        """The attributes of the paths that ever have any, oldest first.

        The first span of a path may begin after position 0; before it, the path has none.
        Neighbours may be equal.
        """
        affected: defaultdict[int, list[str]] = defaultdict(list)
        for path in paths:
            lines = (item for key in keys_of(path) for item in self._changed.get(key, ()))
            for number in {number for number, line in lines if line.matches(path)}:
                affected[number].append(path)
        spans: defaultdict[str, list[Span]] = defaultdict(list)
        for number in sorted(affected):
            state = self._states[number]
            attributes = Attributes(state.lines)
            for path in affected[number]:
                spans[path].append((state.position, attributes.of(path)))
        return dict(spans)


def _changed(
    before: tuple[AttributeLine, ...], after: tuple[AttributeLine, ...]
) -> tuple[AttributeLine, ...]:
    """The lines between common beginnings and ends: no path that none matches has changed."""
    shorter = min(len(before), len(after))
    head = next((n for n in range(shorter) if before[n] != after[n]), shorter)
    rest = shorter - head
    tail = next((n for n in range(rest) if before[-1 - n] != after[-1 - n]), rest)
    return before[head : len(before) - tail] + after[head : len(after) - tail]
