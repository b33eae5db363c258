"""Who gave birth to each line of each file, at one moment of the history.

A file is a list of runs of consecutive lines with one birth. A run knows two births: the
change that brought its lines in as git's diff sees it, and the one that wrote them when moved
and re-spaced lines are followed further back.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from quarterdeck.extractors.errors import GitCommandError
from quarterdeck.extractors.line_lifetimes_moves import Span
from quarterdeck.extractors.line_lifetimes_patches import ChangePatch, FilePatch

DELETED = "deleted"
BINARY = "binary"
LOST = "lost"

#: The birth of lines that were there before the history at hand begins, or in a missing blob.
UNKNOWN = 0


class Run(NamedTuple):
    """Consecutive lines with one birth; births are numbers in `LineState`'s registers."""

    birth: int
    origin: int
    lines: int


class Pending(NamedTuple):
    """A file whose lines cannot be counted: it is binary, or its blob is missing.

    Should it turn out to be text, its lines have this birth.
    """

    birth: int


@dataclass
class Tally:
    """What one landed change did to the lines alive before it."""

    #: Lines that ended, by birth, origin and fate.
    deaths: dict[tuple[int, int, str], int] = field(default_factory=lambda: defaultdict(int))
    added: int = 0

    def end(self, runs: Iterable[Run], fate: str) -> None:
        """Count the lines of `runs` as ended."""
        for birth, origin, lines in runs:
            self.deaths[birth, origin, fate] += lines

    def ended(self, *fates: str) -> int:
        """Lines that ended in one of these ways."""
        return sum(lines for (_, _, fate), lines in self.deaths.items() if fate in fates)


class _Cut(NamedTuple):
    """Lines of an old side that live on elsewhere, or of a new side that come from elsewhere."""

    first: int
    lines: int
    kind: str
    number: int  # of the carried range within its change


_OUT, _IN = 0, 1
_Cuts = dict[tuple[int, int], list[_Cut]]


class LineState:
    """The lines of every file of a tree, with their births."""

    def __init__(self, count_lines: Callable[[str], int | None]) -> None:
        """Start from the empty tree.

        Args:
            count_lines: the number of lines of the blob with this id; None if it is missing.
        """
        self.files: dict[str, list[Run] | Pending] = {}
        self.birth_commits: list[str | None] = [None]
        self.birth_paths: list[str | None] = [None]
        self.alive = 0  # lines
        self._count_lines = count_lines

    def birth(self, commit_id: str, path: str) -> int:
        """Register a birth and return its number."""
        self.birth_commits.append(commit_id)
        self.birth_paths.append(path)
        return len(self.birth_commits) - 1

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
        stash: dict[int, list[Run]] = {}
        bases = [self._base(file) for file in change.files]
        kept = [
            self._cut(file, bases[at], cuts.get((_OUT, at), ()), stash, tally)
            for at, file in enumerate(change.files)
        ]
        for at, file in enumerate(change.files):
            if file.status == "D":
                continue
            birth = UNKNOWN
            if commit_id is not None and (file.spans or file.binary):
                birth = self.birth(commit_id, file.path)
            base, gaps = bases[at], kept[at]
            if gaps is not None:
                came = cuts.get((_IN, at), ())
                self.files[file.path] = _assemble(file.spans, gaps, came, stash, birth)
                tally.added += sum(span.come for span in file.spans)
            elif file.binary:
                self.files[file.path] = Pending(birth)
            elif isinstance(base, Pending) and not file.spans:
                self.files[file.path] = base
            elif file.old_missing and not file.new_missing:
                # The patch is one against a placeholder, so it shows the whole new side.
                self._recover(file)
            else:
                self.files[file.path] = Pending(UNKNOWN)
        self.alive += tally.added - sum(tally.deaths.values())
        return tally

    def _base(self, file: FilePatch) -> list[Run] | Pending:
        """Take the file's lines out of the tree before the change."""
        if file.status == "A":
            return []
        if file.status == "C":
            base = self.files.get(file.old_path)
            if isinstance(base, list):
                self.alive += sum(run.lines for run in base)
        else:
            base = self.files.pop(file.old_path, None)
        if base is None:
            base = Pending(UNKNOWN)
        if isinstance(base, Pending) and file.spans and not (file.old_missing or file.binary):
            lines = self._count_lines(file.old_blob_id)
            if lines is not None:  # it was binary before, or its blob has come since
                self.alive += lines
                base = _new(base.birth, lines)
        return base

    def _cut(
        self,
        file: FilePatch,
        base: list[Run] | Pending,
        cuts: Iterable[_Cut],
        stash: dict[int, list[Run]],
        tally: Tally,
    ) -> list[list[Run]] | None:
        """Take a file's old lines apart: the runs before, between and after its spans.

        None where the lines of one side are not known.
        """
        if isinstance(base, Pending):
            return None
        unknown = bool(file.spans) and (file.new_missing or file.old_missing)
        if file.binary or unknown:
            tally.end(base, LOST if unknown else BINARY)
            return None
        cursor = _Cursor(base, file)
        gaps = []
        waiting = iter(cuts)
        cut = next(waiting, None)
        for span in file.spans:
            gaps.append(cursor.until(span.old))
            while cut is not None and cut.first < span.old_end:
                tally.end(cursor.until(cut.first), DELETED)
                carried = cursor.until(cut.first + cut.lines)
                tally.end(carried, cut.kind)
                stash[cut.number] = carried
                cut = next(waiting, None)
            tally.end(cursor.until(span.old_end), DELETED)
        gaps.append(cursor.rest())
        return gaps

    def _recover(self, file: FilePatch) -> None:
        lines = sum(span.come for span in file.spans)
        self.files[file.path] = _new(UNKNOWN, lines)
        self.alive += lines


class _Cursor:
    """Walks over the runs of a file."""

    def __init__(self, runs: list[Run], file: FilePatch) -> None:
        self._runs = runs
        self._file = file
        self._at = 0  # the run at hand
        self._used = 0  # lines of it that were taken
        self._line = 0

    def until(self, line: int) -> list[Run]:
        """The runs from where it stands up to `line`."""
        wanted = line - self._line
        if wanted <= 0:
            return []
        self._line = line
        taken = []
        while wanted:
            if self._at == len(self._runs):
                raise GitCommandError(
                    f"{self._file.path}: git's patch from blob {self._file.old_blob_id} reaches "
                    f"{wanted} lines beyond the file; report this with `git --version`"
                )
            birth, origin, lines = self._runs[self._at]
            left = lines - self._used
            if left <= wanted:
                taken.append(Run(birth, origin, left))
                self._at += 1
                self._used = 0
                wanted -= left
            else:
                taken.append(Run(birth, origin, wanted))
                self._used += wanted
                wanted = 0
        return taken

    def rest(self) -> list[Run]:
        """The runs from where it stands to the end of the file."""
        if not self._used:
            return self._runs[self._at :]
        birth, origin, lines = self._runs[self._at]
        return [Run(birth, origin, lines - self._used), *self._runs[self._at + 1 :]]


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


def _assemble(
    spans: list[Span],
    gaps: list[list[Run]],
    cuts: Iterable[_Cut],
    stash: dict[int, list[Run]],
    birth: int,
) -> list[Run]:
    """A file's new lines: what stayed, what was carried in, and what is new."""
    runs: list[Run] = []
    waiting = iter(cuts)
    cut = next(waiting, None)
    for span, gap in zip(spans, gaps[:-1], strict=True):
        _extend(runs, gap)
        line, end = span.new, span.new + span.come
        while cut is not None and cut.first < end:
            _extend(runs, _new(birth, cut.first - line))
            line = cut.first + cut.lines
            carried = stash.get(cut.number)
            if carried is None:  # out of a file whose lines are not known
                _extend(runs, _new(birth, cut.lines))
            else:
                _extend(runs, [Run(birth, run.origin, run.lines) for run in carried])
            cut = next(waiting, None)
        _extend(runs, _new(birth, end - line))
    _extend(runs, gaps[-1])
    return runs


def _new(birth: int, lines: int) -> list[Run]:
    return [Run(birth, birth, lines)] if lines else []


def _extend(runs: list[Run], more: list[Run]) -> None:
    """Append runs, the first one joined to the last where their births are the same."""
    if runs and more and runs[-1][:2] == more[0][:2]:
        runs[-1] = more[0]._replace(lines=runs[-1].lines + more[0].lines)
        more = more[1:]
    runs += more
