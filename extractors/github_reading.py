"""GitHub's JSON of a pull request, as rows of the lake's tables."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from quarterdeck.extractors.forge_pages import moment

#: Raise it with every change of what an answer comes to: kept answers are then read again.
READING = 1
Row = dict[str, Any]
_CHECKS = {
    "SUCCESS": "success",
    "FAILURE": "failure",
    "PENDING": "pending",
    "EXPECTED": "pending",
    "ERROR": "error",
}


def pull_request_row(
    node: Mapping[str, Any],
    inner: Mapping[str, Sequence[Any] | None],
    refused: frozenset[str],
    slug: str,
) -> Row:
    """A row of `FORGE_PULL_REQUESTS`, without repository, source and time.

    Args:
        node: the pull request, as the query `PullRequests` has it.
        inner: its inner connections, whole, by name; None where the forge gave none.
        refused: fields below the pull request that the token may not read: NULL, not empty.
        slug: owner/name; closing issues of other repositories are left out.
    """
    threads = inner["reviewThreads"]
    labels, issues = inner["labels"], inner["closingIssuesReferences"]
    author, merged_by = node["author"], node["mergedBy"]
    return {
        "number": node["number"],
        "forge_id": node["id"],
        "url": node["url"],
        "title": node["title"],
        "body": node["body"],
        "state": node["state"].lower(),
        "is_draft": node["isDraft"],
        "author_login": _login(author),
        "author_id": _id(author),
        "author_is_bot": _is_bot(author),
        "author_association": node["authorAssociation"],
        "created_at": moment(node["createdAt"]),
        "updated_at": moment(node["updatedAt"]),
        "closed_at": moment(node["closedAt"]),
        "merged_at": moment(node["mergedAt"]),
        "merged_by_login": _login(merged_by),
        "merge_commit_id": node["mergeCommit"]["oid"] if node["mergeCommit"] else None,
        "head_commit_id": node["headRefOid"],
        "head_branch": node["headRefName"],
        "head_repository": (
            node["headRepository"]["nameWithOwner"] if node["headRepository"] else None
        ),
        "base_branch": node["baseRefName"],
        "base_commit_id": node["baseRefOid"],
        "labels": [label["name"] for label in labels if label] if labels is not None else None,
        "closing_issues": None
        if issues is None
        else [
            issue["number"]
            for issue in issues
            if issue and issue["repository"]["nameWithOwner"].lower() == slug.lower()
        ],
        "added": node["additions"],
        "deleted": node["deletions"],
        "changed_files": node["changedFiles"],
        "comments": node["comments"]["totalCount"] if node["comments"] else None,
        "review_threads": len(threads) if threads is not None else None,
        "resolved_threads": (
            sum(bool(thread and thread["isResolved"]) for thread in threads)
            if threads is not None
            else None
        ),
        "checks": _checks(node, refused),
    }


def commit_rows(number: int, commits: Sequence[Any] | None) -> list[Row]:
    """Rows of `FORGE_PULL_REQUEST_COMMITS` for one pull request; the oldest comes first."""
    rows = []
    for position, item in enumerate(commits or ()):
        if not item:
            continue
        user = (item["commit"]["author"] or {}).get("user")
        rows.append(
            {
                "number": number,
                "commit_id": item["commit"]["oid"],
                "position": position,
                "author_login": user["login"] if user else None,
            }
        )
    return rows


def review_rows(number: int, reviews: Sequence[Any] | None) -> list[Row]:
    """Rows of `FORGE_REVIEWS` for one pull request."""
    return [
        {
            "number": number,
            "review_id": review["id"],
            "reviewer_login": _login(review["author"]),
            "reviewer_is_bot": _is_bot(review["author"]),
            "state": review["state"].lower(),
            "submitted_at": moment(review["submittedAt"]),
            "comments": review["comments"]["totalCount"] if review["comments"] else None,
        }
        for review in reviews or ()
        if review
    ]


def updated_at(node: Mapping[str, Any]) -> datetime:
    """When the pull request was last updated (UTC)."""
    found = moment(node["updatedAt"])
    if found is None:
        raise ValueError(f"pull request {node['number']} has no updatedAt")
    return found


def _login(actor: Mapping[str, Any] | None) -> str | None:
    """As REST and noreply addresses have it: GraphQL leaves off the end of a bot's login."""
    if actor is None:
        return None
    login = str(actor["login"])
    is_short = actor["__typename"] == "Bot" and not login.endswith("[bot]")
    return f"{login}[bot]" if is_short else login


def _id(actor: Mapping[str, Any] | None) -> str | None:
    number = actor.get("databaseId") if actor is not None else None
    return str(number) if number is not None else None


def _is_bot(actor: Mapping[str, Any] | None) -> bool | None:
    return actor["__typename"] == "Bot" if actor is not None else None


def _checks(node: Mapping[str, Any], refused: frozenset[str]) -> str | None:
    """What the checks at the head came to; `none` where there are none."""
    heads = (node["head"] or {}).get("nodes") or []
    if not heads or not heads[0] or "statusCheckRollup" in refused:
        return None
    commit = heads[0]["commit"]
    if commit["oid"] != node["headRefOid"]:
        return None  # the head was replaced, and the list of commits lags behind
    rollup = commit["statusCheckRollup"]
    return _CHECKS.get(rollup["state"]) if rollup else "none"
