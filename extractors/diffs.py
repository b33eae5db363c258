"""Line counts of many commits, exactly as git counts them.

`git diff-tree --stdin --raw --numstat -M` runs in a shadow repository (see `shadow`), one
process a worker, each over every n-th commit of the history: git's own diff is 2 to 4 times
as fast as libgit2's, and its counts are the reference by definition. Where a blob is missing
(partial clones), a placeholder lets git go on and the file's counts are NULL.
"""

import re
import tempfile
from collections.abc import Callable, Container, Iterator, Sequence
from dataclasses import dataclass, field
from typing import IO, NamedTuple

from quarterdeck.extractors.blobs import unreadable_blobs
from quarterdeck.extractors.errors import GitCommandError
from quarterdeck.extractors.shadow import Shadow
from quarterdeck.extractors.text import decode_path

#: git's built-in empty tree, which it knows without storing it.
EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"

# -l is git's own default since 2.34, stated so that an older git gives the same renames.
_NUMSTAT = (
    "diff-tree", "--stdin", "-r", "-z", "--raw", "--numstat", "-M", "-l1000",
    "--no-ext-diff", "--no-textconv",
)  # fmt: skip
_RAW = ("diff-tree", "--stdin", "-r", "-z", "--raw", "--no-renames")
_HEADER = re.compile(rb"[0-9a-f]{40} [0-9a-f]{40}\n")
_HEADER_LENGTH = 82
_NO_OBJECT = "0" * 40
#: Finds the ids of the blobs in the message of a `Damage`.
DAMAGED_BLOB = re.compile(r"\bblob ([0-9a-f]{40}) is damaged")
_GITLINK = "160000"


class DiffRequest(NamedTuple):
    """A commit to diff against its first parent."""

    commit_id: str
    parent_id: str | None
    old_tree: str
    new_tree: str


class FileChange(NamedTuple):
    """One path of a diff; see `schemas.FILE_CHANGES` for the fields."""

    path: str
    old_path: str | None
    status: str
    old_mode: str
    new_mode: str
    old_blob_id: str | None
    new_blob_id: str | None
    similarity: int | None
    added: int | None
    deleted: int | None
    is_binary: bool | None


@dataclass
class DiffFailure:
    """A commit whose diff git could not take, with git's own words."""

    request: DiffRequest
    message: str


class Damage(DiffFailure):
    """A commit whose diff was taken, but for the counts of the files with a damaged blob.

    It follows its diff; the message names each blob.
    """


@dataclass
class _Diff:
    """The records of one diff as git prints them: all raw ones, then all numstat ones."""

    pair: bytes  # the header: ids of the two trees
    raw: list[tuple[bytes, bytes, bytes | None]] = field(default_factory=list)
    counts: list[bytes] = field(default_factory=list)


@dataclass
class _Progress:
    """How far one git process came, and why it stopped."""

    done: int = 0
    error: str | None = None


Taken = tuple[DiffRequest, list[FileChange]]


def take_diffs(
    shadow: Shadow, requests: Sequence[DiffRequest], has_object: Callable[[str], bool]
) -> Iterator[Taken | DiffFailure]:
    """Diff each commit against its first parent, in the order given, streaming.

    Args:
        shadow: a shadow of the repository.
        requests: the commits; one git process works through all of them.
        has_object: tells whether the repository itself has the blob with this id.

    Yields:
        the request with its changed files (none for an equal tree), or a `DiffFailure` where an
        object that is not a blob is missing or corrupt. After a request with files whose blob is
        damaged, a `Damage` that tells which.
    """
    missing: set[str] | None = None
    damaged: dict[str, str] = {}
    start = 0
    while start < len(requests):
        progress = _Progress()
        for changes in _run(shadow, requests[start:], progress):
            request = requests[start]
            start += 1
            if changes is None:
                yield DiffFailure(
                    request, f"tree {request.old_tree} or {request.new_tree} cannot be read"
                )
            else:
                yield request, _blank(changes, missing) if missing else changes
                if damaged and (told := _damage(changes, damaged)):
                    yield Damage(request, told)
        if progress.error is None:
            return
        if missing is None:
            # git died for want of an object: find every blob that is missing from here on.
            blobs = _blobs(shadow, requests[start:])
            missing = {blob for blob in blobs if not has_object(blob)}
            shadow.plant(missing)
        elif found := _unreadable(shadow, requests[start], missing):
            missing |= found.keys()
            damaged |= found
            shadow.plant(found)
        else:
            yield DiffFailure(requests[start], progress.error)
            start += 1


def _run(
    shadow: Shadow, requests: Sequence[DiffRequest], progress: _Progress
) -> Iterator[list[FileChange] | None]:
    for diff in _diffs(shadow, _NUMSTAT, requests, progress):
        if diff is None:
            yield None
            continue
        if len(diff.raw) != len(diff.counts):
            request = requests[progress.done - 1]
            raise GitCommandError(
                f"commit {request.commit_id}: git printed {len(diff.raw)} raw and "
                f"{len(diff.counts)} numstat records; report this with `git --version`"
            )
        yield [_change(*raw, counts) for raw, counts in zip(diff.raw, diff.counts, strict=True)]


def _blobs(shadow: Shadow, requests: Sequence[DiffRequest]) -> set[str]:
    """Ids of the blobs on either side of any of the diffs; reads trees only."""
    blobs: set[str] = set()
    start = 0
    while start < len(requests):
        progress = _Progress()
        for diff in _diffs(shadow, _RAW, requests[start:], progress):
            for meta, _, _ in diff.raw if diff is not None else ():
                modes_and_ids = meta[1:].decode("ascii").split(" ")
                for mode, blob in zip(modes_and_ids[:2], modes_and_ids[2:4], strict=True):
                    if blob != _NO_OBJECT and mode != _GITLINK:
                        blobs.add(blob)
        start += progress.done + 1  # past the one that git died at, if it did
    return blobs


def _unreadable(shadow: Shadow, request: DiffRequest, planted: Container[str]) -> dict[str, str]:
    """Blobs of the diff that are there and cannot be read, and what git says of each."""
    blobs = sorted(blob for blob in _blobs(shadow, [request]) if blob not in planted)
    return unreadable_blobs(shadow, blobs)


def _damage(changes: list[FileChange], damaged: dict[str, str]) -> str:
    sides = (blob for c in changes for blob in (c.old_blob_id, c.new_blob_id) if blob in damaged)
    return "; ".join(f"blob {blob} is damaged: {damaged[blob]}" for blob in dict.fromkeys(sides))


def _diffs(
    shadow: Shadow, command: Sequence[str], requests: Sequence[DiffRequest], progress: _Progress
) -> Iterator[_Diff | None]:
    """One git process over `requests`; each diff once it is known to be whole.

    git passes over a pair of trees of which it cannot read one, and ends with code 0 all the
    same: what it prints is matched to the requests by the trees' ids, and None stands for a
    request that it passed over.
    """
    pairs = [f"{r.old_tree} {r.new_tree}\n".encode() for r in requests]
    with tempfile.TemporaryFile() as stdin, tempfile.TemporaryFile() as stderr:
        stdin.write(b"".join(pairs))
        stdin.seek(0)
        process = shadow.start(*command, stdin=stdin, stderr=stderr)
        assert process.stdout is not None
        last: _Diff | None = None
        with process:  # leaving early closes the pipe, which ends git
            for diff in _parse(process.stdout):
                if last is not None:
                    progress.done += 1
                    yield last
                while progress.done < len(pairs) and diff.pair != pairs[progress.done]:
                    progress.done += 1
                    yield None
                if progress.done == len(pairs):
                    raise GitCommandError(
                        f"git printed a diff that was not asked for: {diff.pair.decode().strip()}; "
                        "report this with `git --version`"
                    )
                last = diff
            code = process.wait()
        if code == 0:
            if last is not None:
                progress.done += 1
                yield last
            while progress.done < len(requests):
                progress.done += 1
                yield None
            return
        stderr.seek(0)
        message = stderr.read().decode("utf-8", "replace").strip()
        progress.error = message or f"git {command[0]} ended with code {code}"


def _parse(stream: IO[bytes]) -> Iterator[_Diff]:
    """Split git's output; a diff is yielded as soon as its header is read and filled after."""
    diff = _Diff(b"")
    meta = source = b""
    expect = 0  # how many paths belong to the record at hand
    numstat = False
    rest = b""
    while block := stream.read(1 << 20):
        tokens = (rest + block).split(b"\0")
        rest = tokens.pop()
        for token in tokens:
            if expect == 2:
                source, expect = token, 1
                continue
            if expect == 1:
                expect = 0
                if numstat:
                    continue
                renamed = meta[-4:-3] in b"RC" and meta[-5:-4] == b" "
                diff.raw.append((meta, source if renamed else token, token if renamed else None))
                continue
            while token[_HEADER_LENGTH - 1 : _HEADER_LENGTH] == b"\n" and _HEADER.match(token):
                diff, token = _Diff(token[:_HEADER_LENGTH]), token[_HEADER_LENGTH:]
                yield diff
            if token.startswith(b":"):
                meta, numstat = token, False
                expect = 2 if meta[-4:-3] in b"RC" and meta[-5:-4] == b" " else 1
            else:
                diff.counts.append(token)
                # a rename's two paths follow; a path of its own may end in a tab
                numstat, expect = True, 2 if token.split(b"\t", 2)[2] == b"" else 0
    while _HEADER.match(rest):
        yield _Diff(rest[:_HEADER_LENGTH])
        rest = rest[_HEADER_LENGTH:]


def _change(meta: bytes, path: bytes, new_path: bytes | None, counts: bytes) -> FileChange:
    old_mode, new_mode, old_blob, new_blob, status = meta[1:].decode("ascii").split(" ")
    added, deleted, _ = counts.split(b"\t", 2)
    binary = added == b"-"
    return FileChange(  # by position: it is made once a path of the whole history
        decode_path(path if new_path is None else new_path),
        None if new_path is None else decode_path(path),
        status[0],
        old_mode,
        new_mode,
        None if old_blob == _NO_OBJECT else old_blob,
        None if new_blob == _NO_OBJECT else new_blob,
        int(status[1:]) if len(status) > 1 else None,
        None if binary else int(added),
        None if binary else int(deleted),
        binary,
    )


def _blank(changes: list[FileChange], missing: Container[str | None]) -> list[FileChange]:
    """Take the counts from files of which one side is a placeholder."""
    return [
        change._replace(added=None, deleted=None, is_binary=None)
        if change.old_blob_id in missing or change.new_blob_id in missing
        else change
        for change in changes
    ]
