"""What the lake holds of a forge, as a build reads it, and what a world would have it hold."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import polars as pl
from forge_world import Account, Pull, World

from quarterdeck.extractors.forge_frames import ForgeFrames
from quarterdeck.extractors.forge_pages import Page
from quarterdeck.extractors.lake import Lake

REPOSITORY = "harbour"
Told = dict[str, list[dict[str, Any]]]


def told(folder: Path) -> Told:
    """What the lake in a folder holds."""
    tables = ForgeFrames().by_table()
    return newest_of({table: Lake(folder).read(table, REPOSITORY) for table in tables})


def told_by(pages: Iterable[Page]) -> Told:
    """What pages told, one after another."""
    frames = [page.frames.by_table() for page in pages]
    return newest_of({table: pl.concat([f[table] for f in frames]) for table in frames[0]})


def newest_of(tables: Mapping[str, pl.DataFrame]) -> Told:
    """Of several rows about the same thing the newest; without the time of telling."""
    newest = tables["forge_pull_requests"].sort("fetched_at").unique("number", keep="last")
    lists = tables["forge_pull_request_commits"]
    commits = lists.join(newest.select("number", "fetched_at"), on=["number", "fetched_at"])
    reviews = tables["forge_reviews"].sort("fetched_at")
    return {
        "pulls": _rows(newest, "number"),
        "commits": _rows(commits, "number", "position"),
        "reviews": _rows(reviews.unique("review_id", keep="last"), "number", "review_id"),
    }


def _rows(frame: pl.DataFrame, *keys: str) -> list[dict[str, Any]]:
    return frame.drop("fetched_at").sort(*keys).to_dicts()


def expected(world: World) -> Told:
    """What GitHub's answers about a world come to, told from the world alone."""
    pulls = [world.pulls[number] for number in sorted(world.pulls)]
    reviews = [review_row(pull, review) for pull in pulls for review in pull.reviews]
    return {
        "pulls": [pull_row(world, pull) for pull in pulls],
        "commits": [
            {
                "repository_id": REPOSITORY,
                "number": pull.number,
                "commit_id": commit_id,
                "position": position,
                "author_login": account.login if account else None,
            }
            for pull in pulls
            for position, (commit_id, account) in enumerate(pull.commits)
        ],
        "reviews": sorted(reviews, key=lambda row: (row["number"], row["review_id"])),
    }


def login(account: Account | None) -> str | None:
    if account is None:
        return None
    return f"{account.login}[bot]" if account.is_bot else account.login


def review_row(pull: Pull, review: Any) -> dict[str, Any]:
    return {
        "repository_id": REPOSITORY,
        "number": pull.number,
        "review_id": f"PRR_{review.number}",
        "reviewer_login": login(review.reviewer),
        "reviewer_is_bot": review.reviewer.is_bot if review.reviewer else None,
        "state": review.state,
        "submitted_at": review.at,
        "comments": review.comments,
    }


def pull_row(world: World, pull: Pull) -> dict[str, Any]:
    return {
        "repository_id": REPOSITORY,
        "number": pull.number,
        "source": "github",
        "forge_id": f"PR_{pull.number}",
        "url": f"https://forge.example/{world.slug}/pull/{pull.number}",
        "title": pull.title,
        "body": pull.body,
        "state": pull.state,
        "is_draft": pull.draft,
        "author_login": login(pull.author),
        "author_id": str(pull.author.number) if pull.author else None,
        "author_is_bot": pull.author.is_bot if pull.author else None,
        "author_association": "MEMBER" if pull.author else "NONE",
        "created_at": pull.created,
        "updated_at": pull.updated,
        "closed_at": pull.closed,
        "merged_at": pull.merged,
        "merged_by_login": login(pull.merged_by),
        "merge_commit_id": pull.merge_commit,
        "head_commit_id": pull.head,
        "head_branch": f"topic-{pull.number}",
        "head_repository": pull.head_repository,
        "base_branch": "main",
        "base_commit_id": "0" * 40,
        "labels": list(pull.labels),
        "closing_issues": [number for number in pull.closing if number < 908],
        "added": pull.number,
        "deleted": 0,
        "changed_files": 1,
        "comments": pull.comments,
        "review_threads": len(pull.threads),
        "resolved_threads": sum(pull.threads),
        "checks": None if pull.checks == "refused" else pull.checks or "none",
        "agent": None,
    }
