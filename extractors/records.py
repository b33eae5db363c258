"""Records of who wrote which lines, into the lake: each text once, and what stands where.

What a record says is read when the database is built (`record_readers`): a better reading needs
a rebuild, never a new mining. Transcripts are left out: what people and agents said to each
other is no evidence, is most of the bytes, and is nobody's business here.
"""

import json
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any, Final

import polars as pl
import pygit2

from quarterdeck.extractors.added_lines import read_added_lines
from quarterdeck.extractors.commit_objects import UnreadableCommitError, read_commit
from quarterdeck.extractors.diffs import EMPTY_TREE, DiffRequest
from quarterdeck.extractors.git_history import History
from quarterdeck.extractors.lake import Lake
from quarterdeck.extractors.record_readers import revisions
from quarterdeck.extractors.record_refs import NOTE, TRACE, Found, find_records
from quarterdeck.extractors.repository import OpenRepository
from quarterdeck.extractors.schemas import ADDED_LINES, RECORD_TEXTS, RECORDS
from quarterdeck.extractors.shadow import Shadow
from quarterdeck.extractors.text import decode_text

#: A record beyond this size is not read; one that is larger still without its transcripts is
#: not kept. Either counts as a record that could not be read.
READ_LIMIT: Final = 64 << 20
KEEP_LIMIT: Final = 4 << 20

#: Members that hold what was said, or the text of lines: never kept, wherever they stand.
_SAID: Final = frozenset({"messages", "text", "content", "prompt", "transcript"})
_PART_TEXTS = 5_000
_PART_RUNS = 200_000


def mine_records(
    repository: OpenRepository,
    repository_id: str,
    lake: Lake,
    history: History,
    other_commits: Iterable[str],
) -> pl.DataFrame:
    """Bring the lake's texts of records and added lines up to date.

    Args:
        repository: opened by `open_repository`.
        repository_id: written into each row.
        lake: new parts of `record_texts` and `added_lines` go there.
        history: the default branch.
        other_commits: commits beside it that the lake holds too. A note on any other commit is
            counted, and its text is not read.

    Returns:
        what stands where by now; schema `RECORDS`.

    Raises:
        LakeWriteError: a part could not be written.
    """
    found = find_records(repository)
    if found:
        known = dict.fromkeys((*history.parents, *other_commits))
        wanted = [f for f in found if f.form != NOTE or f.commit_id in known]
        _mine_texts(repository, repository_id, lake, wanted)
        _mine_added_lines(repository, repository_id, lake, wanted, known)
    rows = [(repository_id, *one) for one in found]
    return pl.DataFrame(rows, schema=RECORDS, orient="row")


def _mine_texts(
    repository: OpenRepository, repository_id: str, lake: Lake, found: Sequence[Found]
) -> None:
    stored = set(lake.read("record_texts", repository_id, ["blob_id"])["blob_id"])
    new = [b for b in dict.fromkeys(f.blob_id for f in found) if b not in stored]
    for start in range(0, len(new), _PART_TEXTS):
        rows = []
        for blob_id in new[start:][:_PART_TEXTS]:
            text = _text(repository.git, blob_id)
            if text is not None:
                rows.append((repository_id, blob_id, *text))
        if rows:
            frame = pl.DataFrame(rows, schema=RECORD_TEXTS, orient="row")
            lake.append("record_texts", frame, "blob_id", repository_id)


def _text(git: pygit2.Repository, blob_id: str) -> tuple[int, str | None] | None:
    """Size and text of a blob; None where it is not there (a partial clone)."""
    try:
        blob = git[pygit2.Oid(hex=blob_id)]
    except (pygit2.GitError, KeyError, ValueError):
        return None
    if not isinstance(blob, pygit2.Blob):
        return None
    if blob.size > READ_LIMIT:
        return blob.size, None
    text = without_transcripts(decode_text(blob.data))
    return blob.size, text if len(text) <= KEEP_LIMIT else None


def without_transcripts(text: str) -> str:
    """A record without what was said; everything else, and whatever is not JSON, as it is.

    Args:
        text: JSON, or lines up to a divider `---` and then JSON.
    """
    head, divider, tail = text.partition("\n---\n")
    if text.startswith("---\n"):
        head, divider, tail = "", "---\n", text[4:]
    elif not divider:
        head, tail = "", text
    try:
        held = json.loads(tail, object_hook=_drop_said)
    except (ValueError, RecursionError):
        return text
    if not isinstance(held, dict):
        return text
    return head + divider + json.dumps(held)  # escapes, so that lone surrogates stay text


def _drop_said(found: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in found.items() if key not in _SAID}


def _mine_added_lines(
    repository: OpenRepository,
    repository_id: str,
    lake: Lake,
    found: Sequence[Found],
    known: Collection[str],
) -> None:
    done = lake.known_commits("added_lines", repository_id)
    wanted = {f.commit_id for f in found if f.form == NOTE and f.commit_id is not None}
    traces = {f.blob_id for f in found if f.form == TRACE}
    if traces:
        wanted |= _after_revisions(repository, repository_id, lake, traces, known)
    requests = _requests(repository, [c for c in known if c in wanted and c not in done])
    rows: list[tuple[str, str, str | None, int | None, int | None]] = []

    def flush() -> None:
        frame = pl.DataFrame(rows, schema=ADDED_LINES, orient="row")
        lake.append("added_lines", frame, "commit_id", repository_id)
        rows.clear()

    with Shadow(repository.objects) as shadow:
        for request, runs in read_added_lines(shadow, requests):
            commit_id = request.commit_id
            rows += [(repository_id, commit_id, *run) for run in runs]
            if not runs:
                rows.append((repository_id, commit_id, None, None, None))
            if len(rows) >= _PART_RUNS:
                flush()
    if rows:
        flush()


def _after_revisions(
    repository: OpenRepository,
    repository_id: str,
    lake: Lake,
    traces: Collection[str],
    known: Iterable[str],
) -> set[str]:
    """Commits right after a revision that a trace names: the trace was written before them."""
    texts = lake.read("record_texts", repository_id).filter(pl.col("blob_id").is_in(traces))
    named = {one for text in texts["content"].drop_nulls() for one in revisions(text)}
    if not named:
        return set()
    parent = _first_parents(repository.git)
    return {commit_id for commit_id in known if parent(commit_id) in named}


def _first_parents(git: pygit2.Repository) -> Callable[[str], str | None]:
    def first_parent(commit_id: str) -> str | None:
        try:
            return next(iter(read_commit(git, commit_id).parent_ids), None)
        except UnreadableCommitError:
            return None

    return first_parent


def _requests(repository: OpenRepository, commit_ids: Sequence[str]) -> list[DiffRequest]:
    """What to diff; not merges, whose lines are those of the commits that they brought in."""
    requests = []
    for commit_id in commit_ids:
        try:
            commit = read_commit(repository.git, commit_id)
            if len(commit.parent_ids) > 1 or commit_id in repository.shallow:
                continue
            first = next(iter(commit.parent_ids), None)
            old = EMPTY_TREE if first is None else read_commit(repository.git, first).tree_id
        except UnreadableCommitError:
            continue
        requests.append(DiffRequest(commit_id, first, old, commit.tree_id))
    return requests
