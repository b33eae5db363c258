"""What each landed change did to the lines of each file, read from git's own patches.

`git diff-tree --stdin --raw -p -U1 -M` runs in a shadow repository (see `shadow`). Paths come
from the raw records, which `-z` leaves unquoted; the patches follow in the same order and are
checked against them by blob id. One line of context is asked for because git takes another
diff without any: with `-U0` it cuts off the common tail of two files first, and 20 of the 5,486
landed changes of scrapy/scrapy then have other counts than in `--numstat`.
"""

import re
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import IO

from quarterdeck.extractors.diffs import DiffFailure, DiffRequest
from quarterdeck.extractors.errors import GitCommandError
from quarterdeck.extractors.line_lifetimes_moves import Carried, Contents, Span, find_carried
from quarterdeck.extractors.line_lifetimes_reading import PatchLines, TruncatedError
from quarterdeck.extractors.shadow import Shadow
from quarterdeck.extractors.text import decode_path

#: The command that prints the patches.
PATCH_COMMAND = (
    "diff-tree", "--stdin", "-r", "-z", "--raw", "-p", "-U1", "--inter-hunk-context=0",
    "--full-index", "-M", "-l1000", "--no-ext-diff", "--no-textconv", "--no-color",
)  # fmt: skip
_RAW = ("diff-tree", "--stdin", "-r", "-z", "--raw", "--no-renames")
_RAW_BLOBS = re.compile(rb":([0-7]{6}) ([0-7]{6}) ([0-9a-f]{40}) ([0-9a-f]{40}) [A-Z][0-9]*\0")
_HEADER = re.compile(rb"[0-9a-f]{40} [0-9a-f]{40}\n")
_OBJECT_ID = re.compile(r"\b[0-9a-f]{40}\b")
_HUNK = re.compile(rb"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")
_NO_OBJECT = b"0" * 40
_GITLINK = b"160000"
_HEADER_LENGTH = 82

#: Lines of a change are held to look for moved blocks up to this many bytes (with 64 a line
#: for Python's own needs); in a bigger change only identity is followed.
CONTENT_LIMIT = 128 << 20
_LINE_OVERHEAD = 64


@dataclass
class FilePatch:
    """One path of a change: the regions that it replaced, and the lines that only moved."""

    path: str
    old_path: str  # the same but for a rename
    status: str  # git's letter: A, C, D, M, R, T
    old_blob_id: str
    new_blob_id: str
    binary: bool = False
    old_missing: bool = False  # the blob is missing: its lines are unknown
    new_missing: bool = False
    spans: list[Span] = field(default_factory=list)

    @property
    def lacks_blob(self) -> bool:
        """Whether its lines cannot be told for want of a blob."""
        return (self.old_missing or self.new_missing) and self.old_blob_id != self.new_blob_id


@dataclass
class ChangePatch:
    """One landed change: its files, and the line ranges that were carried within it."""

    request: DiffRequest
    files: list[FilePatch] = field(default_factory=list)
    carried: list[Carried] = field(default_factory=list)


@dataclass
class _Progress:
    """Why a git process stopped."""

    error: str | None = None


def take_patches(
    shadow: Shadow,
    requests: Sequence[DiffRequest],
    has_object: Callable[[str], bool],
    *,
    moves: bool = True,
) -> Iterator[ChangePatch | DiffFailure]:
    """The patches of the requests in their order, streaming from one git process.

    Args:
        shadow: a shadow of the repository.
        requests: pairs of trees.
        has_object: tells whether the repository itself has the blob with this id.
        moves: also look for lines that were only moved or re-spaced.

    Yields:
        one `ChangePatch` a request, or a `DiffFailure` where a tree is missing or corrupt.
    """
    missing: set[str] | None = None
    start = 0
    while start < len(requests):
        progress = _Progress()
        for change in _run(shadow, requests[start:], missing or set(), moves, progress):
            yield change
            start += 1
        if progress.error is None:
            return
        # git died for want of an object, or of a sound one.
        found: set[str] = set()
        if missing is None:
            missing = set()
            found = {blob for blob in _blobs(shadow, requests[start:]) if not has_object(blob)}
        if not found:
            named = set(_OBJECT_ID.findall(progress.error))
            found = _blobs(shadow, requests[start : start + 1]) & (named - missing)
        shadow.plant(found)
        missing |= found
        if not found:
            yield DiffFailure(requests[start], progress.error)
            start += 1


def _run(
    shadow: Shadow,
    requests: Sequence[DiffRequest],
    missing: set[str],
    moves: bool,
    progress: _Progress,
) -> Iterator[ChangePatch | DiffFailure]:
    """One git process over `requests`; each change once its diff is known to be whole."""
    done = 0
    with tempfile.TemporaryFile() as stdin, tempfile.TemporaryFile() as stderr:
        stdin.write(b"".join(map(_pair, requests)))
        stdin.seek(0)
        process = shadow.start(*PATCH_COMMAND, stdin=stdin, stderr=stderr)
        assert process.stdout is not None
        last: ChangePatch | DiffFailure | None = None
        with process:  # leaving early closes the pipe, which ends git
            try:
                for change in _Parser(process.stdout, missing, moves).changes(requests):
                    if last is not None:
                        done += 1
                        yield last
                    last = change
            except TruncatedError:  # so the one before was whole
                if last is not None:
                    yield last
                last = None
            code = process.wait()
        if code == 0:
            if last is not None:
                done += 1
                yield last
            yield from map(_passed_over, requests[done:])
            return
        stderr.seek(0)
        message = stderr.read().decode("utf-8", "replace").strip()
        progress.error = message or f"git {PATCH_COMMAND[0]} ended with code {code}"


def _pair(request: DiffRequest) -> bytes:
    return f"{request.old_tree} {request.new_tree}\n".encode()


def _passed_over(request: DiffRequest) -> DiffFailure:
    """What stands for a pair of trees of which git cannot read one: it prints nothing."""
    return DiffFailure(request, f"tree {request.old_tree} or {request.new_tree} cannot be read")


def _blobs(shadow: Shadow, requests: Sequence[DiffRequest]) -> set[str]:
    """Ids of the blobs on either side of any of the diffs; reads trees only."""
    blobs: set[str] = set()
    for start in range(0, len(requests), 1000):
        rest = list(map(_pair, requests[start : start + 1000]))
        while rest:
            with tempfile.TemporaryFile() as stdin, tempfile.TemporaryFile() as stderr:
                stdin.write(b"".join(rest))
                stdin.seek(0)
                with shadow.start(*_RAW, stdin=stdin, stderr=stderr) as process:
                    output = process.communicate()[0]
            for old_mode, new_mode, old, new in _RAW_BLOBS.findall(output):
                sides = ((old_mode, old), (new_mode, new))
                blobs |= {b.decode() for m, b in sides if b != _NO_OBJECT and m != _GITLINK}
            if process.returncode == 0:
                break
            begun = set(_HEADER.findall(output))
            reached = [at for at, pair in enumerate(rest) if pair in begun]
            rest = rest[reached[-1] + 1 if reached else 1 :]  # past the one that it died at
    return blobs


class _Parser:
    """Reads git's output; only lines inside a hunk start with `-`, `+` or space."""

    def __init__(self, stream: IO[bytes], missing: set[str], moves: bool) -> None:
        self._lines = PatchLines(stream)
        self._readline = self._lines.readline
        self._missing = missing
        self._moves = moves
        self._line = b""  # the line at hand, not yet consumed
        self._contents: Contents | None = None
        self._room = 0

    def changes(self, requests: Sequence[DiffRequest]) -> Iterator[ChangePatch | DiffFailure]:
        """Each change in turn.

        Raises:
            TruncatedError: the output ended inside a diff.
            GitCommandError: the output was not understood.
        """
        self._line = self._readline()
        for request in requests:
            if not self._line:
                return
            if not _HEADER.fullmatch(self._line):
                raise _not_understood(request, self._line)
            matches = self._line == _pair(request)
            yield self._change(request) if matches else _passed_over(request)

    def _change(self, request: DiffRequest) -> ChangePatch:
        change = ChangePatch(request)
        self._line = self._readline()
        if not self._line.startswith(b":"):
            return change
        change.files = self._raw()
        statuses = {file.status for file in change.files}
        wanted = self._moves and statuses not in ({"A"}, {"D"})
        self._contents = {} if wanted else None
        self._room = CONTENT_LIMIT
        for index, file in enumerate(change.files):
            # A change of type is printed as a deletion and a creation.
            for _ in range(2 if file.status == "T" else 1):
                if not self._line.startswith(b"diff --git "):
                    if not self._line:
                        raise TruncatedError
                    raise _not_understood(request, self._line)
                self._file(file, index, request)
        if self._contents:
            change.carried = find_carried(change.files, self._contents)
        self._contents = None
        return change

    def _raw(self) -> list[FilePatch]:
        parts = [self._line]
        while b"\0\0" not in parts[-1]:  # a path may hold a newline
            more = self._readline()
            if not more:
                raise TruncatedError
            parts.append(more)
        raw, _, self._line = b"".join(parts).partition(b"\0\0")
        if not self._line:
            self._line = self._readline()
        tokens = iter(raw.split(b"\0"))
        files = []
        for meta in tokens:
            _, _, old, new, status = meta.split(b" ")
            source = path = next(tokens)
            if status[:1] in b"RC":
                path = next(tokens)
            file = FilePatch(
                decode_path(path),
                decode_path(source),
                chr(status[0]),
                old.decode(),
                new.decode(),
            )
            file.old_missing = file.old_blob_id in self._missing
            file.new_missing = file.new_blob_id in self._missing
            files.append(file)
        return files

    def _file(self, file: FilePatch, index: int, request: DiffRequest) -> None:
        """One `diff --git` section, up to the next one, the next change or the end."""
        base = file.spans[-1].old_end if file.spans else 0  # the second half of a type change
        while True:
            line = self._line = self._readline()
            if line.startswith(b"@@ -"):
                self._hunk(file, index, base)
            elif line.startswith((b"--- ", b"+++ ")):
                continue
            elif line.startswith(b"index "):
                old, _, new = line[6:].split(b" ")[0].rstrip(b"\n").partition(b"..")
                known = {file.old_blob_id, file.new_blob_id, _NO_OBJECT.decode()}
                if old.decode() not in known or new.decode() not in known:
                    raise _not_understood(request, line)
            elif not line or line.startswith(b"diff --git ") or _is_header(line):
                return
            elif line.startswith(b"Binary files "):
                file.binary = True

    def _hunk(self, file: FilePatch, index: int, base: int) -> None:
        match = _HUNK.match(self._line)
        if match is None:
            raise GitCommandError(f"git printed the hunk {self._line!r}, which is not understood")
        old, old_left, new, new_left = map(int, match.groups(b"1"))
        # git names the line before where a side is empty.
        old += base - (old_left > 0)
        new -= new_left > 0
        regions = self._lines.regions(old_left, new_left, self._contents is not None)
        for before, gone, come, removed, added in regions:
            old, new = old + before, new + before
            if self._contents is not None:
                self._keep((index, len(file.spans)), removed, added, gone + come)
            file.spans.append(Span(old, gone, new, come))
            old, new = old + gone, new + come

    def _keep(self, place: tuple[int, int], removed: bytes, added: bytes, lines: int) -> None:
        """Keep the text of a region for the search for moves, while there is room."""
        assert self._contents is not None
        self._contents[place] = (removed, added)
        self._room -= len(removed) + len(added) + _LINE_OVERHEAD * lines
        if self._room < 0:
            self._contents = None


def _is_header(line: bytes) -> bool:
    return len(line) == _HEADER_LENGTH and _HEADER.fullmatch(line) is not None


def _not_understood(request: DiffRequest, line: bytes) -> GitCommandError:
    return GitCommandError(
        f"commit {request.commit_id}: git printed {line[:80]!r} where it was not expected; "
        "report this with `git --version`"
    )
