"""Who gave birth to each line of each file, at one moment of the history.

A line has two births: the change that brought it in as git's diff sees it, and the one that
wrote it when moved and re-spaced lines are followed further back. Each pair of births has a
number, and a file is an array of those, 4 bytes a line. Run-length encoding takes more than that
in Python objects (real files have a run every 3 or 4 lines), and walking over the runs of long
files was most of the pass, where slicing an array costs next to nothing.
"""

from array import array
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from quarterdeck.extractors.errors import GitCommandError
from quarterdeck.extractors.line_lifetimes_patches import ChangePatch, FilePatch

DELETED = "deleted"
BINARY = "binary"
LOST = "lost"

#: The birth of lines that were there before the history at hand begins, or in a missing blob.
UNKNOWN = 0

Lines = array  # of numbers of births, one a line
_CODE = "i"


class Pending(NamedTuple):
    """A file whose lines cannot be counted: it is binary, or its blob is missing.

    Should it turn out to be text, its lines have this birth.
    """

    birth: int


@dataclass
class Tally:
    """What one landed change did to the lines alive before it."""

    #: Lines that ended, by fate and number of birth.
    deaths: dict[str, Counter[int]] = field(default_factory=lambda: defaultdict(Counter))
    added: int = 0

    def end(self, lines: "Lines[int]", fate: str) -> None:
        """Count `lines` as ended."""
        if lines:
            self.deaths[fate].update(lines)

    def ended(self, *fates: str) -> int:
        """Lines that ended in one of these ways."""
        return sum(self.deaths[fate].total() for fate in fates if fate in self.deaths)


class _Cut(NamedTuple):
    """Lines of an old side that live on elsewhere, or of a new side that come from elsewhere."""

    first: int
    lines: int
    kind: str
    number: int  # of the carried range within its change


_OUT, _IN = 0, 1
_Cuts = dict[tuple[int, int], list[_Cut]]
_Stash = dict[int, "Lines[int]"]


class Births:
    """Numbers for births: pairs of a birth and an origin, each a landed change and a path."""

    def __init__(self) -> None:
        self.commits: list[str | None] = [None]
        self.paths: list[str | None] = [None]
        self.origins: list[int] = [UNKNOWN]  # the number of the origin's own birth
        self._carried: dict[tuple[int, int], int] = {}

    def new(self, commit_id: str | None, path: str) -> int:
        """The number of lines born of a landed change in a file; 0 where that is not known."""
        if commit_id is None:
            return UNKNOWN
        self.commits.append(commit_id)
        self.paths.append(path)
        self.origins.append(len(self.commits) - 1)
        return len(self.commits) - 1

    def carried(self, birth: int, before: int) -> int:
        """The number of lines that came with `birth` and were numbered `before` till then."""
        origin = self.origins[before]
        if birth == origin:
            return birth
        number = self._carried.get((birth, origin))
        if number is None:
            number = self._carried[birth, origin] = len(self.commits)
            self.commits.append(self.commits[birth])
            self.paths.append(self.paths[birth])
            self.origins.append(origin)
        return number


class LineState:
    """The lines of every file of a tree, with their births."""

    def __init__(self, count_lines: Callable[[str], int | None]) -> None:
        """Start from the empty tree.

        Args:
            count_lines: the number of lines of the blob with this id; None if it is missing.
        """
        self.files: dict[str, Lines[int] | Pending] = {}
        self.births = Births()
        self.alive = 0  # lines
        self._count_lines = count_lines

    def apply(self, change: ChangePatch, commit_id: str | None) -> Tally:
        """Go over to the tree after a change.

        Args:
            change: the difference between the tree at hand and the next.
            commit_id: what its added lines are born of; None where that is not known.

        Raises:
            GitCommandError: a region lies beyond the end of its file.
        """
        tally = Tally()
        cuts = _cuts(change)
        stash: _Stash = {}
        bases = [self._base(file) for file in change.files]
        known = [
            self._end_lines(file, bases[at], cuts.get((_OUT, at), []), stash, tally)
            for at, file in enumerate(change.files)
        ]
        for at, file in enumerate(change.files):
            if file.status == "D":
                continue
            born = file.spans or file.binary
            birth = self.births.new(commit_id, file.path) if born else UNKNOWN
            base = bases[at]
            if known[at] and not isinstance(base, Pending):
                came = cuts.get((_IN, at), [])
                self.files[file.path] = self._assemble(file, base, came, stash, birth)
                tally.added += sum(span.come for span in file.spans)
            elif file.binary:
                self.files[file.path] = Pending(birth)
            elif isinstance(base, Pending) and not file.spans:
                self.files[file.path] = base
            elif file.old_missing and not file.new_missing:
                # The patch is one against a placeholder, so it shows the whole new side.
                lines = sum(span.come for span in file.spans)
                self.files[file.path] = _repeat(UNKNOWN, lines)
                self.alive += lines
            else:
                self.files[file.path] = Pending(UNKNOWN)
        self.alive += tally.added - tally.ended(*tally.deaths)
        return tally

    def _base(self, file: FilePatch) -> "Lines[int] | Pending":
        """Take the file's lines out of the tree before the change."""
        if file.status == "A":
            return array(_CODE)
        base = self.files.pop(file.old_path, None)
        if base is None:
            base = Pending(UNKNOWN)
        if isinstance(base, Pending) and file.spans and not (file.old_missing or file.binary):
            lines = self._count_lines(file.old_blob_id)
            if lines is not None:  # it was binary before, or its blob has come since
                self.alive += lines
                base = _repeat(base.birth, lines)
        return base

    def _end_lines(
        self,
        file: FilePatch,
        base: "Lines[int] | Pending",
        cuts: Sequence[_Cut],
        stash: _Stash,
        tally: Tally,
    ) -> bool:
        """Tally the lines of a file that end, and stash those that are carried elsewhere.

        Returns:
            whether the lines of both sides are known.
        """
        if isinstance(base, Pending):
            return False
        unknown = bool(file.spans) and (file.new_missing or file.old_missing)
        if file.binary or unknown:
            tally.end(base, LOST if unknown else BINARY)
            return False
        if file.spans and file.spans[-1].old_end > len(base):
            raise GitCommandError(
                f"{file.path}: git's patch from blob {file.old_blob_id} reaches line "
                f"{file.spans[-1].old_end} of {len(base)}; report this with `git --version`"
            )
        waiting = iter(cuts)
        cut = next(waiting, None)
        for span in file.spans:
            line = span.old
            while cut is not None and cut.first < span.old_end:
                tally.end(base[line : cut.first], DELETED)
                line = cut.first + cut.lines
                stash[cut.number] = base[cut.first : line]
                tally.end(stash[cut.number], cut.kind)
                cut = next(waiting, None)
            tally.end(base[line : span.old_end], DELETED)
        return True

    def _assemble(
        self,
        file: FilePatch,
        base: "Lines[int]",
        cuts: Sequence[_Cut],
        stash: _Stash,
        birth: int,
    ) -> "Lines[int]":
        """A file's new lines: what stayed, what was carried in, and what is new."""
        if not file.spans:
            return base
        lines: Lines[int] = array(_CODE)
        kept = 0
        for span in file.spans:
            lines += base[kept : span.old]
            lines += _repeat(birth, span.come)
            kept = span.old_end
        lines += base[kept:]
        for cut in cuts:
            before = stash.get(cut.number)
            if before is None:  # out of a file whose lines are not known
                continue
            numbers = {number: self.births.carried(birth, number) for number in set(before)}
            lines[cut.first : cut.first + cut.lines] = array(
                _CODE, map(numbers.__getitem__, before)
            )
        return lines


def _repeat(birth: int, lines: int) -> "Lines[int]":
    return array(_CODE, [birth]) * lines


def _cuts(change: ChangePatch) -> _Cuts:
    """The carried ranges of a change by side and file, in order of lines."""
    cuts: _Cuts = defaultdict(list)
    for number, carried in enumerate(change.carried):
        old = _Cut(carried.old, carried.lines, carried.kind, number)
        new = _Cut(carried.new, carried.lines, carried.kind, number)
        cuts[_OUT, carried.old_file].append(old)
        cuts[_IN, carried.new_file].append(new)
    for found in cuts.values():
        found.sort()
    return cuts
