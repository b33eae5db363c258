"""What the attribution SQL reads beside commits and rules, made from the keys of labelled cases.

A case may hold, beside what tests/test_attribution.py reads:

| key | meaning |
| --- | --- |
| `note` | text of a note on the commit |
| `note_ref` | its ref; `refs/notes/ai` unless told |
| `trace` | text of a trace in the tree; `{parent}` in it becomes the id of the commit's parent |
| `checkpoint` | text of a session's record, at the checkpoint `a1b2c3d4e5f6` |
| `added` | lines that the commit added: path to a list of first and last lines |
| `branch` | head branch of a pull request that holds the commit |
| `on_branches` | branches that hold it, without a pull request |
| `parents` | number of parents; 1 unless told |
"""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import duckdb
import polars as pl

from quarterdeck.extractors import file_classes
from quarterdeck.extractors.file_class_rules import load_rules
from quarterdeck.extractors.record_readers import read_records
from quarterdeck.extractors.schemas import ADDED_LINES, BRANCH_COMMITS, RECORD_TEXTS, RECORDS, REFS

CHECKPOINT_ID = "a1b2c3d4e5f6"
CHECKPOINTS_REF = "refs/heads/entire/checkpoints/v1"


def repository_of(case: Mapping[str, Any]) -> str:
    """Each case with a checkpoint or a trace has a repository of its own: they share ids."""
    own = f"example/{case['id']}" if "checkpoint" in case or "trace" in case else "example/tool"
    return str(case.get("repository_id", own))


def parent_id(case: Mapping[str, Any]) -> str:
    """Id of the commit's first parent."""
    return hashlib.sha1(f"parent of {case['id']}".encode()).hexdigest()


def _records(case: Mapping[str, Any]) -> list[tuple[str, str, str | None, str | None, str]]:
    """Ref, form, commit, path and text of each record of a case."""
    found: list[tuple[str, str, str | None, str | None, str]] = []
    if "note" in case:
        ref = case.get("note_ref", "refs/notes/ai")
        text = case["note"].replace("{commit}", case["id"])
        found.append((ref, "note", case["id"], None, text))
    if "trace" in case:
        path = ".agent-trace/traces.jsonl"
        text = case["trace"].replace("{parent}", parent_id(case))
        found.append(("HEAD", "trace", None, path, text))
    if "checkpoint" in case:
        path = f"{CHECKPOINT_ID[:2]}/{CHECKPOINT_ID[2:]}/0/metadata.json"
        found.append((CHECKPOINTS_REF, "checkpoint", None, path, case["checkpoint"]))
    return found


def register_records(
    connection: duckdb.DuckDBPyConnection, cases: Sequence[Mapping[str, Any]]
) -> None:
    """Create the tables that the cases' records, branches and added lines fill."""
    records, texts, added, branches, pulls, own = [], [], [], [], [], []
    for number, case in enumerate(cases):
        repository_id = repository_of(case)
        for position, (ref, form, commit_id, path, text) in enumerate(_records(case)):
            blob_id = f"{number:032x}{position:08x}"
            records.append((repository_id, ref, form, commit_id, path, blob_id))
            texts.append((repository_id, blob_id, len(text), text))
        for path, runs in case.get("added", {}).items():
            added += [
                (repository_id, case["id"], path, first, last - first + 1) for first, last in runs
            ]
        if "branch" in case:
            pulls.append((repository_id, number, None, case["branch"], None))
            own.append((repository_id, number, case["id"]))
        for name in case.get("on_branches", ()):
            branches.append((repository_id, name, case["id"]))
    read = read_records(
        pl.DataFrame(records, schema=RECORDS, orient="row"),
        pl.DataFrame(texts, schema=RECORD_TEXTS, orient="row"),
    )
    lines = pl.DataFrame(added, schema=ADDED_LINES, orient="row")
    paths = lines.select("repository_id", "path").unique()
    paths = paths.with_columns(is_binary=pl.lit(False), is_submodule=pl.lit(False))
    attributes = pl.DataFrame(
        schema={"repository_id": pl.String(), "path": pl.String(), "content": pl.String()}
    )
    pull_schema = {
        "repository_id": pl.String(),
        "pull_request_number": pl.Int64(),
        "head_commit_id": pl.String(),
        "head_branch": pl.String(),
        "landed_commit_id": pl.String(),
    }
    own_schema = {
        "repository_id": pl.String(),
        "pull_request_number": pl.Int64(),
        "commit_id": pl.String(),
    }
    repositories = {"repository_id": [*{repository_of(case) for case in cases}]}
    for name, frame in {
        "raw.record_lines": read.lines,
        "raw.checkpoints": read.checkpoints,
        "raw.added_lines": lines,
        "raw.branch_commits": pl.DataFrame(branches, schema=BRANCH_COMMITS, orient="row"),
        "raw.refs": pl.DataFrame(schema=REFS),
        "raw.repositories": pl.DataFrame(repositories).with_columns(default_branch=pl.lit("main")),
        "raw.file_classes": file_classes.classify(paths, attributes, load_rules()),
        "staging.pull_requests": pl.DataFrame(pulls, schema=pull_schema, orient="row"),
        "staging.pull_request_commits": pl.DataFrame(own, schema=own_schema, orient="row"),
    }.items():
        connection.register("made_frame", frame)
        connection.execute(f"create table {name} as from made_frame")
        connection.unregister("made_frame")
