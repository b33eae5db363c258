"""Contents of many blobs, read through one git process."""

import tempfile
from collections.abc import Iterator, Sequence
from typing import IO, NamedTuple

from quarterdeck.extractors.shadow import Shadow

_CHECK = ("cat-file", "--batch-check=%(objectname) %(objecttype) %(objectsize)")
_BATCH = ("cat-file", "--batch")


class Blob(NamedTuple):
    """A blob; `content` is None where it is larger than the caller wants to read."""

    blob_id: str
    size: int
    content: bytes | None


def read_blobs(shadow: Shadow, blob_ids: Sequence[str], limit: int) -> Iterator[Blob]:
    """Read blobs in the order given, one in memory at a time.

    Missing and damaged ones are left out, and so is an id of anything else.

    Args:
        shadow: a shadow of the repository.
        blob_ids: full ids, each once.
        limit: the largest size to read, in bytes; a larger blob's content is not inflated.
    """
    sizes: dict[str, int] = {}
    for blob_id, kind, size in _answers(shadow, _CHECK, blob_ids):
        if kind == b"blob":
            sizes[blob_id] = int(size)
    small = [blob_id for blob_id, size in sizes.items() if size <= limit]
    for blob_id in sizes.keys() - set(small):
        yield Blob(blob_id, sizes[blob_id], None)
    for blob_id, _, content in _answers(shadow, _BATCH, small):
        yield Blob(blob_id, len(content), content)


def unreadable_blobs(shadow: Shadow, blob_ids: Sequence[str]) -> dict[str, str]:
    """Those of the blobs that git cannot read through to their end, and what it says of each.

    For the few blobs of one diff: an object is checked as `git log` reads it, so a well-formed
    object with another content than its id stands for is not found out.
    """
    problems: dict[str, str] = {}
    read = {blob_id for blob_id, _, _ in _answers(shadow, _BATCH, blob_ids, problems)}
    # a loose object without so much as a header counts as missing
    return problems | {
        blob_id: "git cannot read its header"
        for blob_id in blob_ids
        if blob_id not in read and blob_id not in problems
    }


def _answers(
    shadow: Shadow,
    command: Sequence[str],
    blob_ids: Sequence[str],
    problems: dict[str, str] | None = None,
) -> Iterator[tuple[str, bytes, bytes]]:
    """Each object's id, kind, and size or content; starts git again past what it dies at."""
    start = 0
    while start < len(blob_ids):
        with tempfile.TemporaryFile() as stdin, tempfile.TemporaryFile() as stderr:
            stdin.write("".join(f"{blob_id}\n" for blob_id in blob_ids[start:]).encode())
            stdin.seek(0)
            process = shadow.start(*command, stdin=stdin, stderr=stderr)
            assert process.stdout is not None
            with process:  # leaving early closes the pipe, which ends git
                for blob_id in blob_ids[start:]:
                    answer = _answer(process.stdout, with_content=command is _BATCH)
                    if answer is None:
                        break
                    start += 1
                    if answer[0] != b"missing":
                        yield blob_id, *answer
            if start == len(blob_ids):
                return
            stderr.seek(0)
            said = stderr.read().decode("utf-8", "replace").strip().partition("\n")[0]
            if problems is not None:
                problems[blob_ids[start]] = said or "git cannot read it"
            start += 1


def _answer(stream: IO[bytes], *, with_content: bool) -> tuple[bytes, bytes] | None:
    """Kind, and size or content, of the next object; None where the stream ends before."""
    words = stream.readline().split()
    if len(words) == 2:
        return words[1], b""
    if len(words) != 3:
        return None
    if not with_content:
        return words[1], words[2]
    size = int(words[2])
    content = stream.read(size + 1)
    return (words[1], content[:-1]) if len(content) == size + 1 else None
