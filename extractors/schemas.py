"""The fixed schema of every table in the lake, declared once.

Ids of git objects are full lower-case hexadecimal. Times are UTC with microsecond precision.
`added` and `deleted` count lines. A value that is not known is NULL, never 0.
"""

import polars as pl

from quarterdeck.extractors.forge_schemas import (
    FORGE_ANSWERS,
    FORGE_PULL_REQUEST_COMMITS,
    FORGE_PULL_REQUESTS,
    FORGE_REVIEWS,
)
from quarterdeck.extractors.line_lifetimes_schemas import LINE_CHANGES, LINE_DEATHS, LINE_RUNS

TIMESTAMP = pl.Datetime("us", "UTC")

#: One row per commit ever seen on the default branch, in a pull request or on another branch.
COMMITS = pl.Schema(
    {
        "repository_id": pl.String(),
        "commit_id": pl.String(),
        "tree_id": pl.String(),
        "parent_ids": pl.List(pl.String()),
        "author_name": pl.String(),
        "author_email": pl.String(),
        "authored_at": TIMESTAMP,
        "author_utc_offset_minutes": pl.Int32(),
        "committer_name": pl.String(),
        "committer_email": pl.String(),
        "committed_at": TIMESTAMP,
        "committer_utc_offset_minutes": pl.Int32(),
        "message": pl.String(),
    }
)

#: One row per commit whose diff against its first parent has been taken.
COMMIT_DIFFS = pl.Schema(
    {
        "repository_id": pl.String(),
        "commit_id": pl.String(),
        "parent_id": pl.String(),  # NULL for a root commit
        "files": pl.Int32(),
        "added": pl.Int64(),
        "deleted": pl.Int64(),
        "missing_files": pl.Int32(),  # file changes without counts because a blob is missing
        "part": pl.String(),
    }
)

#: One row per commit and path (the new path of a rename).
FILE_CHANGES = pl.Schema(
    {
        "repository_id": pl.String(),
        "commit_id": pl.String(),
        "path": pl.String(),
        "old_path": pl.String(),  # of a rename or copy, else NULL
        "status": pl.String(),  # git's letter: A, C, D, M, R, T
        "old_mode": pl.String(),
        "new_mode": pl.String(),
        "old_blob_id": pl.String(),  # NULL where git prints zeros
        "new_blob_id": pl.String(),
        "similarity": pl.Int16(),  # percent, of a rename or copy
        "added": pl.Int64(),  # NULL: binary, or a blob is missing
        "deleted": pl.Int64(),
        "is_binary": pl.Boolean(),  # NULL: a blob is missing
        "part": pl.String(),
    }
)

#: One row per text that records who wrote which lines: notes, traces, checkpoints.
RECORD_TEXTS = pl.Schema(
    {
        "repository_id": pl.String(),
        "blob_id": pl.String(),
        "size": pl.Int64(),  # bytes of the blob
        "content": pl.String(),  # without transcripts; NULL: too large to keep
    }
)

#: One row per run of lines that a commit with a record added, against its first parent.
ADDED_LINES = pl.Schema(
    {
        "repository_id": pl.String(),
        "commit_id": pl.String(),
        "path": pl.String(),  # NULL in the one row of a commit that added no line
        "first_line": pl.Int32(),  # in the file after the commit, from 1
        "lines": pl.Int32(),
    }
)

#: One row per version of a `.gitattributes` file that a diff shows.
ATTRIBUTE_BLOBS = pl.Schema(
    {
        "repository_id": pl.String(),
        "blob_id": pl.String(),
        "content": pl.String(),  # NULL: too big to be read
    }
)

#: One row per blob that was read for signs of generated code.
CONTENT_FACTS = pl.Schema(
    {
        "repository_id": pl.String(),
        "blob_id": pl.String(),
        "size_bytes": pl.Int64(),
        "lines": pl.Int64(),  # NULL, as what follows: too big to be read
        "longest_line": pl.Int64(),  # bytes
        "header_lines": pl.Int64(),  # lines before the first that is no comment
        "marker_lines": pl.List(pl.Struct({"line": pl.Int64(), "text": pl.String()})),
    }
)

#: One row per commit reachable from the default branch (snapshot).
LANDINGS = pl.Schema(
    {
        "repository_id": pl.String(),
        "commit_id": pl.String(),
        "landed_commit_id": pl.String(),
        "position": pl.Int32(),  # of the landed change in the first-parent chain; 0 is the oldest
    }
)

#: One row per ref (snapshot).
REFS = pl.Schema(
    {
        "repository_id": pl.String(),
        "ref": pl.String(),
        "commit_id": pl.String(),
    }
)

#: One row per pull or merge request known from refs or messages (snapshot).
PULL_REQUESTS = pl.Schema(
    {
        "repository_id": pl.String(),
        "number": pl.Int64(),
        "ref": pl.String(),
        "head_commit_id": pl.String(),
        "head_branch": pl.String(),
        "landed_commit_id": pl.String(),  # NULL: not found on the default branch
        "landed_by": pl.String(),  # merge message, head reachable, subject number, rebased head
        "own_commits": pl.Int32(),  # NULL: head unknown, or more than the listing limit
        "first_authored_at": TIMESTAMP,
        "last_committed_at": TIMESTAMP,
    }
)

#: One row per pull request and commit of its own (snapshot).
PULL_REQUEST_COMMITS = pl.Schema(
    {
        "repository_id": pl.String(),
        "number": pl.Int64(),
        "commit_id": pl.String(),
    }
)

#: One row per branch beside the default one and commit that the default branch lacks (snapshot).
BRANCH_COMMITS = pl.Schema(
    {
        "repository_id": pl.String(),
        "branch": pl.String(),  # without the name of the remote
        "commit_id": pl.String(),
    }
)

#: One row per record of who wrote which lines, as the refs and the tip hold it (snapshot).
RECORDS = pl.Schema(
    {
        "repository_id": pl.String(),
        "ref": pl.String(),
        "form": pl.String(),  # note, trace or checkpoint
        "commit_id": pl.String(),  # the commit a note is about; NULL for traces and checkpoints
        "path": pl.String(),  # of a trace or a checkpoint in its tree; NULL for a note
        "blob_id": pl.String(),
    }
)

#: One row per `.mailmap` or `.gitattributes` file at the tip (snapshot).
TIP_FILES = pl.Schema(
    {
        "repository_id": pl.String(),
        "path": pl.String(),
        "content": pl.String(),
    }
)

#: One row per commit that could not be read or diffed (snapshot).
PROBLEMS = pl.Schema(
    {
        "repository_id": pl.String(),
        "commit_id": pl.String(),
        "problem": pl.String(),
    }
)

#: One row per repository (snapshot; written last, so its number completes a snapshot).
REPOSITORIES = pl.Schema(
    {
        "repository_id": pl.String(),
        "path": pl.String(),
        "remote_url": pl.String(),
        "default_branch": pl.String(),
        "tip_commit_id": pl.String(),
        "root_commit_id": pl.String(),
        "is_shallow": pl.Boolean(),
        "is_bare": pl.Boolean(),
        "mined_at": TIMESTAMP,
        "fingerprint": pl.String(),
    }
)

#: Tables keyed by commit or blob: parts are only ever added.
COMMIT_TABLES: dict[str, pl.Schema] = {
    "commits": COMMITS,
    "commit_diffs": COMMIT_DIFFS,
    "file_changes": FILE_CHANGES,
    "record_texts": RECORD_TEXTS,
    "added_lines": ADDED_LINES,
    "attribute_blobs": ATTRIBUTE_BLOBS,
    "content_facts": CONTENT_FACTS,
    "line_deaths": LINE_DEATHS,
    "line_changes": LINE_CHANGES,
}

#: Tables of the state after a landed change, a part each; the one at the tip counts.
CHECKPOINT_TABLES: dict[str, pl.Schema] = {"line_runs": LINE_RUNS}

#: Tables of what can change: the newest snapshot of a repository replaces the one before.
SNAPSHOT_TABLES: dict[str, pl.Schema] = {
    "landings": LANDINGS,
    "refs": REFS,
    "pull_requests": PULL_REQUESTS,
    "pull_request_commits": PULL_REQUEST_COMMITS,
    "branch_commits": BRANCH_COMMITS,
    "records": RECORDS,
    "tip_files": TIP_FILES,
    "problems": PROBLEMS,
    "repositories": REPOSITORIES,
}

#: What forges and files tell of pull requests: parts are only ever added, the newest telling
#: counts. A part is a repository's, or a file's, which can tell of many repositories.
FORGE_TABLES: dict[str, pl.Schema] = {
    "forge_pull_requests": FORGE_PULL_REQUESTS,
    "forge_pull_request_commits": FORGE_PULL_REQUEST_COMMITS,
    "forge_reviews": FORGE_REVIEWS,
}

#: Kept as it came, to be read again by better rules; no build reads it.
ARCHIVE_TABLES: dict[str, pl.Schema] = {"forge_answers": FORGE_ANSWERS}

#: The tables that the database is a function of.
TABLES: dict[str, pl.Schema] = COMMIT_TABLES | CHECKPOINT_TABLES | SNAPSHOT_TABLES | FORGE_TABLES
