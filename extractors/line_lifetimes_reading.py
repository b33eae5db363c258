"""Lines of git's patches, read in blocks: a run of lines of one kind costs as much as one line.

A pass reads every changed line of a history. Taken one by one in Python, they cost as much time
as git takes to find them; numpy finds where the lines of a block begin and where their first
bytes change, and Python steps from one change to the next.

A line is kept up to its first mebibyte; a checksum stands for the rest. So lines are still told
apart, and a minified file of hundreds of megabytes takes no more memory than another.
"""

import hashlib
from typing import IO, NamedTuple

import numpy as np

_BLOCK = 1 << 18
_LONGEST = 1 << 20
_NEWLINE = 10
_MINUS, _PLUS, _SPACE = b"-+ "


class TruncatedError(Exception):
    """git's output ended inside a diff."""


class Region(NamedTuple):
    """After `before` lines of context, `gone` deleted and `come` added lines, as git has them."""

    before: int
    gone: int
    come: int
    removed: bytes
    added: bytes


class _Line:
    """A line that does not end in its block; of a very long one, a checksum stands for the end."""

    def __init__(self, beginning: bytes) -> None:
        self._kept = bytearray(beginning)
        self._digest = hashlib.sha256()
        self._is_cut = False

    def goes_on(self, more: bytes) -> None:
        """Take a block without an end of line."""
        self._kept += more
        if len(self._kept) > _LONGEST:
            self._is_cut = True
            self._digest.update(memoryview(self._kept)[_LONGEST:])
            self._kept = self._kept[:_LONGEST]

    def ended(self, block: bytes) -> bytes:
        """The line, and the lines that follow it in the block in which it ends."""
        end = block.find(b"\n")
        end = len(block) if end < 0 else end
        if not self._is_cut and len(self._kept) + end <= _LONGEST:
            return bytes(self._kept) + block
        self.goes_on(block[:end])
        return b"".join([self._kept, self._digest.hexdigest().encode(), block[end:]])


class PatchLines:
    """A cursor over the lines of a stream, each with its newline."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._read = stream.read
        self._rest = b""  # the beginning of a line that is not whole yet
        self._data = b""
        #: Where each line of the data begins, and where the last one ends.
        self._starts = [0]
        #: The line after each run of lines of one kind, and the first byte of its lines.
        self._run_ends = [0]
        self._run_kinds = b""
        self._at = 0
        self._run = 0

    def readline(self) -> bytes:
        """The next line; empty at the end."""
        at = self._at
        if at == self._run_ends[-1]:
            if not self._fill():
                return b""
            at = 0
        self._at = at + 1
        return self._data[self._starts[at] : self._starts[at + 1]]

    def regions(self, old_left: int, new_left: int, wanted: bool) -> list[Region]:
        """Read the body of a hunk.

        Args:
            old_left: lines that the hunk has of the old side.
            new_left: lines that it has of the new side.
            wanted: whether the texts are wanted.

        Returns:
            its regions, in order.

        Raises:
            TruncatedError: the stream ended inside of it.
        """
        found = []
        before = gone = come = 0
        removed: list[bytes] = []
        added: list[bytes] = []
        at, run = self._at, self._run
        data, starts, ends, kinds = self._data, self._starts, self._run_ends, self._run_kinds
        while old_left > 0 or new_left > 0:
            if at == ends[-1]:
                if not self._fill():
                    raise TruncatedError
                at = run = 0
                data, starts, ends, kinds = (
                    self._data,
                    self._starts,
                    self._run_ends,
                    self._run_kinds,
                )
            while ends[run] <= at:
                run += 1
            kind, count = kinds[run], ends[run] - at
            if kind == _MINUS:
                count = min(count, old_left) or 1
                old_left -= count
                gone += count
                if wanted:
                    removed.append(data[starts[at] : starts[at + count]])
            elif kind == _PLUS:
                count = min(count, new_left) or 1
                new_left -= count
                come += count
                if wanted:
                    added.append(data[starts[at] : starts[at + count]])
            elif kind == _SPACE:
                if gone or come:
                    found.append(Region(before, gone, come, b"".join(removed), b"".join(added)))
                    before = gone = come = 0
                    removed, added = [], []
                count = min(count, old_left, new_left) or 1
                before += count
                old_left -= count
                new_left -= count
            # else it says that a file has no newline at its end
            at += count
        self._at, self._run = at, run
        if gone or come:
            found.append(Region(before, gone, come, b"".join(removed), b"".join(added)))
        return found

    def _fill(self) -> bool:
        """Go over to the next block of whole lines; False at the end."""
        line = _Line(self._rest)
        while True:
            block = self._read(_BLOCK)
            if not block:
                data, self._rest = line.ended(b""), b""
                break
            end = block.rfind(b"\n") + 1
            if end:
                data = line.ended(block[:end])
                self._rest = block[end:]
                break
            line.goes_on(block)
        characters = np.frombuffer(data, np.uint8)
        ends = np.flatnonzero(characters == _NEWLINE) + 1
        if not data.endswith(b"\n") and data:  # git died in the middle of a line
            ends = np.append(ends, len(data))
        starts = np.concatenate([[0], ends])
        kinds = characters[starts[:-1]]
        runs = np.flatnonzero(kinds[1:] != kinds[:-1]) + 1
        self._data, self._starts = data, starts.tolist()
        self._run_ends = [*runs.tolist(), len(kinds)]
        self._run_kinds = kinds[[0, *runs.tolist()]].tobytes() if data else b""
        self._at = self._run = 0
        return bool(data)
