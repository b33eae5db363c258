"""Rows of the lake for records, branches and added lines, made from the keys of labelled cases.

A case may hold, beside what tests/authorship_exam.py reads:

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
from collections.abc import Mapping
from typing import Any

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


#: Tables that `record_rows` fills.
TABLES = (
    *("records", "record_texts", "added_lines", "file_changes", "commit_diffs"),
    *("pull_requests", "pull_request_commits", "branch_commits"),
)


def record_rows(case: Mapping[str, Any]) -> dict[str, list[dict[str, object]]]:
    """What the lake holds of a case beside its commit: rows by table."""
    own = {"repository_id": repository_of(case), "commit_id": case["id"]}
    rows: dict[str, list[dict[str, object]]] = {table: [] for table in TABLES}
    for position, (ref, form, commit_id, path, text) in enumerate(_records(case)):
        blob = {
            "repository_id": own["repository_id"],
            "blob_id": hashlib.sha1(f"{position} of {case['id']}".encode()).hexdigest(),
        }
        rows["records"].append(
            {**blob, "ref": ref, "form": form, "commit_id": commit_id, "path": path}
        )
        rows["record_texts"].append({**blob, "size": len(text), "content": text})
    for path, runs in case.get("added", {}).items():
        lengths = [last - first + 1 for first, last in runs]
        rows["added_lines"] += [
            {**own, "path": path, "first_line": first, "lines": lines}
            for (first, _), lines in zip(runs, lengths, strict=True)
        ]
        change = {"path": path, "added": sum(lengths), "deleted": 0, "is_binary": False}
        rows["file_changes"].append({**own, **change, "part": "1"})
        rows["commit_diffs"] = [{**own, "missing_files": 0, "part": "1"}]
    if "branch" in case:
        number = int(hashlib.sha1(case["id"].encode()).hexdigest()[:8], 16)
        pull = {"repository_id": own["repository_id"], "number": number}
        rows["pull_requests"].append({**pull, "head_branch": case["branch"]})
        rows["pull_request_commits"].append({**pull, "commit_id": case["id"]})
    rows["branch_commits"] = [{**own, "branch": name} for name in case.get("on_branches", ())]
    return rows
