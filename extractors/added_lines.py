"""Which lines a commit added, line by line: the hunks of git's own diff.

The diff is the one that `diffs` counts: with no context at all git would leave out the end that
both sides share before it compares, and come to other lines than its `--numstat`.
"""

import re
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import IO

from quarterdeck.extractors.diffs import DiffRequest
from quarterdeck.extractors.shadow import Shadow
from quarterdeck.extractors.text import decode_path, unquote_path

_PATCH = (
    "-c", "core.quotePath=false", "diff-tree", "--stdin", "-r", "-p", "-U1", "-M", "-l1000",
    "--no-ext-diff", "--no-textconv", "--no-color", "--src-prefix=a/", "--dst-prefix=b/",
)  # fmt: skip
_HEADER = re.compile(rb"[0-9a-f]{40} [0-9a-f]{40}\n")
_HUNK = re.compile(rb"@@ -\d+(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")

#: Path, first line and number of lines of each run, in the order of git's diff.
Runs = list[tuple[str, int, int]]


@dataclass
class _Patch:
    pair: bytes
    runs: Runs = field(default_factory=list)


def read_added_lines(
    shadow: Shadow, requests: Sequence[DiffRequest]
) -> Iterator[tuple[DiffRequest, Runs]]:
    """The lines that each commit added against its first parent.

    A commit for which git lacks an object (a partial clone) is passed over.

    Yields:
        the request with the runs of added lines, none where the commit added no line.
    """
    start = 0
    while start < len(requests):
        rest = requests[start:]
        done = 0
        for patch in _patches(shadow, rest):
            # git says nothing of a pair of trees that it cannot read
            while done < len(rest) and patch.pair != _pair(rest[done]):
                done += 1
            if done == len(rest):
                return
            yield rest[done], patch.runs
            done += 1
        start += done + 1  # past the one that git died at, if it did


def _pair(request: DiffRequest) -> bytes:
    return f"{request.old_tree} {request.new_tree}\n".encode()


def _patches(shadow: Shadow, requests: Sequence[DiffRequest]) -> Iterator[_Patch]:
    """One git process; each patch once it is known to be whole."""
    with tempfile.TemporaryFile() as stdin, tempfile.TemporaryFile() as stderr:
        stdin.writelines(map(_pair, requests))
        stdin.seek(0)
        process = shadow.start(*_PATCH, stdin=stdin, stderr=stderr)
        assert process.stdout is not None
        with process:
            last: _Patch | None = None
            for patch in _parse(process.stdout):
                if last is not None:
                    yield last
                last = patch
            if process.wait() == 0 and last is not None:
                yield last


def _parse(stream: IO[bytes]) -> Iterator[_Patch]:
    """Split git's output; a patch is yielded when its header is read and filled after."""
    patch = _Patch(b"")
    path = ""
    for line in stream:
        if _HEADER.fullmatch(line):
            patch = _Patch(line)
            yield patch
        elif line.startswith(b"+++ "):
            path = _new_path(line)
        elif hunk := _HUNK.match(line):
            _read_hunk(stream, hunk, path, patch.runs)


def _new_path(line: bytes) -> str:
    name = line[4:].rstrip(b"\n").removesuffix(b"\t")  # a name with a blank ends in a tab
    if name.startswith(b'"'):
        name = unquote_path(name)
    return decode_path(name.removeprefix(b"b/"))


def _read_hunk(stream: IO[bytes], hunk: "re.Match[bytes]", path: str, runs: Runs) -> None:
    """Read exactly the lines of a hunk, whatever they look like."""
    old = int(hunk[1] or 1)
    new = int(hunk[3] or 1)
    at = int(hunk[2])
    first = 0
    while old or new:
        kind = stream.readline()[:1]
        if kind == b"+":
            first = first or at
            at, new = at + 1, new - 1
            continue
        if first:
            runs.append((path, first, at - first))
            first = 0
        if kind == b"-":
            old -= 1
        elif kind == b" ":
            at, old, new = at + 1, old - 1, new - 1
        elif kind != b"\\":
            return  # git was cut short
    if first:
        runs.append((path, first, at - first))
