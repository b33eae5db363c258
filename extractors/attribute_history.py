"""What `.gitattributes` says about a path at each moment of a default branch."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from operator import itemgetter

from quarterdeck.extractors.git_attributes import AttributeLine, Attributes, Value

#: (position, path, content); see `AttributeHistory`.
Version = tuple[int, str, str]


class AttributeHistory:
    """The `.gitattributes` files of one repository along its chain of landed changes.

    Args:
        versions: for each file and each position from which on it has another content: the
            position (0 is the oldest landed change), the file's path, and the content, which is
            empty where the file is gone.
    """

    def __init__(self, versions: Iterable[Version]) -> None:
        files: dict[str, str] = {}
        self._states: list[tuple[int, Attributes, tuple[AttributeLine, ...]]] = []
        before: tuple[AttributeLine, ...] = ()
        for position, found in groupby(sorted(versions), key=itemgetter(0)):
            files |= {path: content for _, path, content in found}
            attributes = Attributes(files.items())
            if attributes.lines != before:
                self._states.append((position, attributes, _changed(before, attributes.lines)))
                before = attributes.lines

    def __bool__(self) -> bool:
        return bool(self._states)

    def of(self, path: str) -> Iterator[tuple[int, Mapping[str, Value]]]:
        """The attributes of a path, and the position from which on they hold, oldest first.

        Begins at position 0, and goes on with the positions at which they may have changed.
        """
        start, values = 0, dict[str, Value]()
        for position, attributes, changed in self._states:
            if any(line.matches(path) for line in changed):
                if position > start:
                    yield start, values
                start, values = position, attributes.of(path)
        yield start, values


def _changed(
    before: tuple[AttributeLine, ...], after: tuple[AttributeLine, ...]
) -> tuple[AttributeLine, ...]:
    """The lines between common beginnings and ends: no path that none matches has changed."""
    shorter = min(len(before), len(after))
    head = next((n for n in range(shorter) if before[n] != after[n]), shorter)
    rest = shorter - head
    tail = next((n for n in range(rest) if before[-1 - n] != after[-1 - n]), rest)
    return before[head : len(before) - tail] + after[head : len(after) - tail]
