"""The fixed schema of what forges tell of pull and merge requests, whichever way it came.

A clone's own facts (refs, messages) stand in `PULL_REQUESTS`; these tables stand beside it.
Times are UTC. A value that the source did not give is NULL, never 0, false or an empty list.
"""

import polars as pl

TIMESTAMP = pl.Datetime("us", "UTC")

#: One row per pull request, as last told by one source (newest `fetched_at` counts).
FORGE_PULL_REQUESTS = pl.Schema(
    {
        "repository_id": pl.String(),
        "number": pl.Int64(),
        "source": pl.String(),  # github, gitlab, gitea, gh-json, gh-archive or table
        "fetched_at": TIMESTAMP,  # when the source was asked, or the file's own time
        "forge_id": pl.String(),  # the forge's own id: node id, or number across projects
        "url": pl.String(),
        "title": pl.String(),
        "body": pl.String(),
        "state": pl.String(),  # open, closed (not merged) or merged
        "is_draft": pl.Boolean(),
        "author_login": pl.String(),  # NULL: the account is gone
        "author_id": pl.String(),  # the account's number or node id
        "author_is_bot": pl.Boolean(),
        "author_association": pl.String(),
        "created_at": TIMESTAMP,
        "updated_at": TIMESTAMP,
        "closed_at": TIMESTAMP,  # also set where it was merged
        "merged_at": TIMESTAMP,
        "merged_by_login": pl.String(),
        "merge_commit_id": pl.String(),  # commit that it became on the base branch
        "head_commit_id": pl.String(),
        "head_branch": pl.String(),
        "head_repository": pl.String(),  # owner/name; NULL: gone
        "base_branch": pl.String(),
        "base_commit_id": pl.String(),
        "labels": pl.List(pl.String()),
        "closing_issues": pl.List(pl.Int64()),
        "added": pl.Int64(),  # lines, as the forge counts them
        "deleted": pl.Int64(),
        "changed_files": pl.Int64(),
        "comments": pl.Int64(),
        "review_threads": pl.Int64(),
        "resolved_threads": pl.Int64(),
        "checks": pl.String(),  # conclusion at the head: success, failure, pending, error or none
        "agent": pl.String(),  # where the source itself names one (research sets do)
    }
)

#: One row per pull request and commit of its own, as the forge lists them.
FORGE_PULL_REQUEST_COMMITS = pl.Schema(
    {
        "repository_id": pl.String(),
        "number": pl.Int64(),
        "fetched_at": TIMESTAMP,
        "commit_id": pl.String(),
        "position": pl.Int32(),  # 0 is the oldest
        "author_login": pl.String(),
    }
)

#: One row per review of a pull request.
FORGE_REVIEWS = pl.Schema(
    {
        "repository_id": pl.String(),
        "number": pl.Int64(),
        "fetched_at": TIMESTAMP,
        "review_id": pl.String(),
        "reviewer_login": pl.String(),  # NULL: the account is gone
        "reviewer_is_bot": pl.Boolean(),
        "state": pl.String(),  # approved, changes_requested, commented, dismissed or pending
        "submitted_at": TIMESTAMP,
        "comments": pl.Int64(),
    }
)

#: One row per answer of a forge, as it came: so a better reading needs no second download.
FORGE_ANSWERS = pl.Schema(
    {
        "repository_id": pl.String(),
        "source": pl.String(),
        "fetched_at": TIMESTAMP,
        "request": pl.String(),  # what was asked, without any credential
        "body": pl.Binary(),  # compressed with zstandard
    }
)
