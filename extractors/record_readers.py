"""What the records of a lake say: lines and who wrote them, checkpoints, and what is malformed."""

import heapq
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Final

import polars as pl

from quarterdeck.extractors import record_forms
from quarterdeck.extractors.record_forms import Claim, Session, told
from quarterdeck.extractors.record_refs import CHECKPOINT, NOTE, TRACE

#: One row per record, path and run of lines that it says something of; where two entries of a
#: record name a line, the later one has it.
RECORD_LINES: Final = pl.Schema(
    {
        "repository_id": pl.String(),
        "ref": pl.String(),  # of a trace HEAD and its path, as git writes it
        "form": pl.String(),  # note or trace
        "blob_id": pl.String(),
        "commit_id": pl.String(),  # the commit a note is about
        "parent_id": pl.String(),  # the commit a trace was written upon
        "base_id": pl.String(),  # the commit a note says that it was made for
        "path": pl.String(),
        "first_line": pl.Int32(),
        "lines": pl.Int32(),
        "author_class": pl.String(),  # model or human
        "tool": pl.String(),
        "model": pl.String(),
        "weight": pl.Float64(),
    }
)

#: One row per checkpoint and session in it.
CHECKPOINTS: Final = pl.Schema(
    {
        "repository_id": pl.String(),
        "checkpoint_id": pl.String(),
        "session": pl.Int32(),
        "ref": pl.String(),
        "tool": pl.String(),
        "model": pl.String(),
        "share": pl.Float64(),  # of the commit's lines that the agent wrote; NULL: not told
    }
)

#: One row per record and problem in it.
RECORD_PROBLEMS: Final = pl.Schema(
    {
        "repository_id": pl.String(),
        "ref": pl.String(),
        "commit_id": pl.String(),
        "path": pl.String(),
        "blob_id": pl.String(),
        "problem": pl.String(),
    }
)

_CHECKPOINT_PATH = re.compile(
    r"(?:(?P<shard>[0-9a-f]{2})/(?P<rest>[0-9a-f]{10})/)?(?:(?P<session>\d+)/)?metadata\.json"
)


@dataclass(frozen=True)
class RecordFrames:
    """What `read_records` found."""

    lines: pl.DataFrame  # schema RECORD_LINES
    checkpoints: pl.DataFrame  # schema CHECKPOINTS
    problems: pl.DataFrame  # schema RECORD_PROBLEMS


@dataclass
class _Reading:
    """The claims of one text; those of a trace by the revision it was written upon."""

    claims: dict[str | None, list[Claim]] = field(default_factory=dict)
    base: str | None = None
    problems: dict[str, None] = field(default_factory=dict)

    def tell(self, problem: str) -> None:
        self.problems[problem] = None

    def add(self, claims: Iterator[Claim], revision: str | None = None) -> None:
        self.claims.setdefault(revision, []).extend(claims)


def read_records(records: pl.DataFrame, texts: pl.DataFrame) -> RecordFrames:
    """Read every record.

    Args:
        records: schema `schemas.RECORDS`, notes only on commits that the lake holds.
        texts: schema `schemas.RECORD_TEXTS`; a blob may stand there more than once.
    """
    lines: list[tuple[object, ...]] = []
    checkpoints: dict[tuple[str, str, int], tuple[object, ...]] = {}
    problems: list[tuple[object, ...]] = []
    for (repository_id,), found in records.group_by("repository_id", maintain_order=True):
        own = texts.filter(pl.col("repository_id") == repository_id)
        contents = dict(own.select("blob_id", "content").iter_rows())
        elsewhere = _all_sessions(contents)
        readings: dict[tuple[str, str], _Reading] = {}
        for row in found.iter_rows(named=True):
            ref, form, blob_id = row["ref"], row["form"], row["blob_id"]
            key = (form, blob_id)
            if key not in readings:
                readings[key] = _Reading()
                _read(readings[key], contents, blob_id, form, elsewhere)
            reading = readings[key]
            if form == CHECKPOINT:
                session = _checkpoint(row, contents.get(blob_id), reading)
                if session is not None:
                    checkpoints.setdefault((str(repository_id), *session[:2]), session[2:])
            where = f"HEAD:{row['path']}" if form == TRACE else ref
            for revision, claims in reading.claims.items():
                place = (
                    repository_id,
                    where,
                    form,
                    blob_id,
                    row["commit_id"],
                    revision,
                    reading.base,
                )
                lines += [(*place, *run) for run in runs(claims)]
            problems += [
                (repository_id, ref, row["commit_id"], row["path"], blob_id, problem)
                for problem in reading.problems
            ]
    return RecordFrames(
        pl.DataFrame(lines, schema=RECORD_LINES, orient="row"),
        pl.DataFrame(
            [(*key, *rest) for key, rest in checkpoints.items()], schema=CHECKPOINTS, orient="row"
        ),
        pl.DataFrame(problems, schema=RECORD_PROBLEMS, orient="row"),
    )


def revisions(text: str) -> Iterator[str]:
    """The git commits that the traces of a file were written upon."""
    for record in _json_records(text, _Reading()):
        named = record_forms.revision(record)
        if named is not None:
            yield named


def runs(claims: list[Claim]) -> Iterator[tuple[object, ...]]:
    """Claims without overlap, a later one before an earlier.

    Yields:
        path, first line, number of lines, author class, tool, model, weight.
    """
    by_path: dict[str, list[Claim]] = {}
    for claim in claims:
        by_path.setdefault(claim.path, []).append(claim)
    for path, own in by_path.items():
        begun: int | None = None
        last_end, who = 0, own[0][3:]
        for first, end, index in _topmost([(claim.first, claim.last + 1) for claim in own]):
            if begun is None or first != last_end or own[index][3:] != who:
                if begun is not None:
                    yield path, begun, last_end - begun, *who
                begun, who = first, own[index][3:]
            last_end = end
        if begun is not None:
            yield path, begun, last_end - begun, *who


def _topmost(spans: list[tuple[int, int]]) -> Iterator[tuple[int, int, int]]:
    """The parts of half-open spans that no later span covers: first, end, index of the span."""
    order = sorted(range(len(spans)), key=spans.__getitem__)
    if all(spans[before][1] <= spans[after][0] for before, after in pairwise(order)):
        for index in order:
            yield *spans[index], index
        return
    edges = sorted({edge for span in spans for edge in span})
    active: list[int] = []  # indices below zero, so that the latest comes first
    begun = 0
    for first, end in pairwise(edges):
        while begun < len(order) and spans[order[begun]][0] <= first:
            heapq.heappush(active, -order[begun])
            begun += 1
        while active and spans[-active[0]][1] <= first:
            heapq.heappop(active)
        if active:
            yield first, end, -active[0]


def _all_sessions(contents: Mapping[str, str | None]) -> dict[str, Session]:
    found: dict[str, Session] = {}
    for _, text in sorted(contents.items()):
        parts = _git_ai_parts(text) if text else None
        metadata = _json(parts[1]) if parts else None
        if isinstance(metadata, dict):
            found |= record_forms.git_ai_sessions(metadata)
    return found


def _git_ai_parts(text: str) -> tuple[list[str], str] | None:
    """Lines before git-ai's divider, and what follows it; None where there is no divider."""
    lines = text.split("\n")
    for number, line in enumerate(lines):
        if line.rstrip("\r") == "---":
            return [line.rstrip("\r") for line in lines[:number]], "\n".join(lines[number + 1 :])
    return None


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _read(
    reading: _Reading,
    contents: Mapping[str, str | None],
    blob_id: str,
    form: str,
    elsewhere: Mapping[str, Session],
) -> None:
    if blob_id not in contents:
        reading.tell("its text is not in this clone")
        return
    text = contents[blob_id]
    if text is None:
        reading.tell("it is too large to keep")
        return
    if form == TRACE or (form == NOTE and text.strip()):
        _read_text(reading, text, form, elsewhere)


def _read_text(reading: _Reading, text: str, form: str, elsewhere: Mapping[str, Session]) -> None:
    parts = _git_ai_parts(text) if form == NOTE else None
    if parts is not None:
        metadata = _json(parts[1])
        if isinstance(metadata, dict):
            reading.base = told(metadata.get("base_commit_sha"))
            reading.add(record_forms.git_ai(parts[0], metadata, elsewhere, reading.tell))
        else:
            reading.tell("what follows the divider is no JSON object")
        return
    for record in _json_records(text, reading):
        _read_object(reading, record, form)


def _json_records(text: str, reading: _Reading) -> Iterator[dict[str, Any]]:
    """The objects of a JSON text, of a list in it, or of one on each line."""
    whole = _json(text)
    if whole is not None:
        held = whole if isinstance(whole, list) else [whole]
    else:
        held = [_json(line) for line in text.split("\n") if line.strip()]
    for item in held:
        if isinstance(item, dict):
            yield item
        else:
            reading.tell("it holds something that is no JSON object")


def _read_object(reading: _Reading, record: dict[str, Any], form: str) -> None:
    files, spans = record.get("files"), record.get("f")
    if isinstance(files, list) and any(isinstance(f, dict) and "lines" in f for f in files):
        reading.add(record_forms.whogitit(record, reading.tell))
    elif isinstance(files, list):
        revision = record_forms.revision(record) if form == TRACE else None
        if form == TRACE and revision is None:
            reading.tell("a trace names no commit")
            return
        reading.add(record_forms.agent_trace(record, reading.tell), revision)
    elif form == NOTE and isinstance(files, dict):
        reading.add(record_forms.git_ai_old(record, reading.tell))
    elif form == NOTE and isinstance(spans, dict):
        reading.add(record_forms.source_trace(record, reading.tell))
    elif record:
        reading.tell("it has no form that is known")


def _checkpoint(
    row: Mapping[str, Any], text: str | None, reading: _Reading
) -> tuple[Any, ...] | None:
    """Id, session, ref, tool, model and share; None for a summary or what cannot be read."""
    place = _CHECKPOINT_PATH.fullmatch(row["path"])
    if place is None or text is None:
        return None
    record = _json(text)
    if not isinstance(record, dict):
        reading.tell("it holds something that is no JSON object")
        return None
    if isinstance(record.get("sessions"), list):
        return None
    by_ref = row["ref"].rpartition("/")[2]
    checkpoint_id = place["shard"] + place["rest"] if place["shard"] else by_ref
    share = _share(record.get("initial_attribution"), reading)
    session = int(place["session"] or 0)
    agent, model = told(record.get("agent")), told(record.get("model"))
    return checkpoint_id, session, row["ref"], agent, model, share


def _share(attribution: object, reading: _Reading) -> float | None:
    if not isinstance(attribution, dict):
        return None
    percent = _count(attribution.get("agent_percentage"))
    if percent is not None and percent <= 100:
        return percent / 100
    lines, total = (_count(attribution.get(key)) for key in ("agent_lines", "total_committed"))
    if lines is not None and total:
        return min(lines / total, 1.0)
    reading.tell("its attribution cannot be read")
    return None


def _count(value: object) -> float | None:
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return float(str(value)) if is_number and float(str(value)) >= 0 else None
