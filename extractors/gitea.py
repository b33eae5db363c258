"""Pull requests from Gitea and Forgejo, by their REST API (v1)."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote, unquote

from quarterdeck.extractors.forge_answers import Asker, KeptAnswers
from quarterdeck.extractors.forge_frames import ForgeFrames
from quarterdeck.extractors.forge_pages import (
    Estimate,
    Listed,
    LostPositionError,
    NewestFirst,
    Page,
    Progress,
    moment,
)
from quarterdeck.extractors.forge_rest import RestReader, Row, oldest_first

#: Raise it with every change of what an answer comes to: kept answers are then read again.
READING = 1
PAGE_SIZE = 50  # the most that Gitea gives unless its operator allows more
#: Requests for each pull request beside the list: reviews, commits, state of the head; and itself,
#: where the list does not tell lines and files.
REQUESTS_EACH = 3
_SIZES = ("additions", "deletions", "changed_files")
_SECONDS_A_REQUEST = 0.3
_REVIEWS = {
    "APPROVED": "approved",
    "REQUEST_CHANGES": "changes_requested",
    "COMMENT": "commented",
    "PENDING": "pending",
}
_CHECKS = {
    "success": "success",
    "failure": "failure",
    "pending": "pending",
    "error": "error",
    "warning": "error",
    "skipped": "none",
}
_LEAN: dict[str, str | int] = {"verification": "false", "files": "false"}
_ACTIONS_USER = -2  # stands for workflows; -1 stands for accounts that are gone


def api_url(base_url: str) -> str:
    """Where the REST API is."""
    return f"{base_url.rstrip('/')}/api/v1"


@dataclass
class Gitea:
    """The pull requests of one repository.

    Args:
        client: whose base URL ends with `/api/v1`.
        slug: owner/name.
        repository_id: the repository's name in the lake.
        page_size: pull requests a page.
    """

    client: Asker
    slug: str
    repository_id: str
    page_size: int = PAGE_SIZE
    source: str = "gitea"

    def __post_init__(self) -> None:
        self._rest = RestReader(
            self.client, self.repository_id, self.source, self.page_size, "limit"
        )
        self._repository = f"/repos/{quote(self.slug)}"
        self._most = 0  # pull requests on a page; the operator may allow fewer than asked for

    def pages(self, state: Mapping[str, object] | None) -> Iterator[Page]:
        """All that changed since the state, newest first.

        Raises:
            ForgeError: a subclass says what is wrong; pages before it can be kept.
        """
        progress = Progress.of(state, f"{self.client.base_url} {self.slug}")
        yield from NewestFirst(self._page, progress).pages()

    def estimate(self, state: Mapping[str, object] | None) -> Estimate:
        """What `pages` would take; asks one question. Of a nightly run it tells the most.

        Raises:
            ForgeError: a subclass says what is wrong.
        """
        asked: dict[str, str | int] = {"state": "all", "sort": "recentupdate", "limit": 50}
        listed = self._rest.one(f"{self._repository}/pulls", asked)
        count = self._rest.total()
        self._rest.answers.clear()
        try:
            times = [moment(item["updated_at"]) for item in listed]
        except (KeyError, TypeError, ValueError) as error:
            said = f"an answer of another form ({error!r})"
            raise self._rest.no_sense(self._repository, said) from error
        since = Progress.of(state, f"{self.client.base_url} {self.slug}").since
        if since is not None:
            new = sum(time is not None and time >= since for time in times)
            count = new if new < len(times) else count
        if count is None:
            return Estimate(None, None, None, None)
        each = REQUESTS_EACH + (not any(item.get("additions") is not None for item in listed))
        requests = max(1, -(-count // self.page_size)) + count * each
        return Estimate(count, requests, None, requests * _SECONDS_A_REQUEST)

    def _page(self, after: str | None) -> Listed:
        try:
            return self._read_page(after)
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            said = f"an answer of another form ({error!r})"
            raise self._rest.no_sense(self._repository, said) from error

    def _read_page(self, after: str | None) -> Listed:
        found = re.fullmatch(r"(\d+)(?: of (\d+))?", after or "1")
        if found is None:
            raise LostPositionError
        number, before = int(found[1]), int(found[2] or 0)
        asked: dict[str, str | int] = {"state": "all", "sort": "recentupdate"}
        asked |= {"limit": self.page_size, "page": number}
        listed = self._rest.one(f"{self._repository}/pulls", asked)
        if not isinstance(listed, list):
            raise TypeError("no list")
        total = self._rest.total()
        if total is not None and total < before and number > 1:
            # some were deleted since, and those after them moved up a place
            return self._read_page(str(max(number - 1 - (before - total) // self.page_size, 1)))
        self._most = max(self._most, len(listed))
        has_next = self._rest.has_next(len(listed), (number - 1) * self._most + len(listed))
        pulls: list[Row] = []
        commits: list[Row] = []
        reviews: list[Row] = []
        times: list[datetime] = []
        unread: list[int] = []
        for item in listed:
            path = f"{self._repository}/pulls/{item['number']}"
            given = self._rest.part_list(f"{path}/reviews")
            own = self._rest.part_list(f"{path}/commits", _LEAN)
            row, rows = _row(self._sized(item, path)), _commit_rows(item["number"], own)
            if rows and row["state"] != "open":
                row["head_commit_id"] = rows[-1]["commit_id"]  # the branch may have moved on since
            pulls.append({**row, "checks": self._checks(row["head_commit_id"])})
            reviews += _review_rows(item["number"], given)
            unread += [item["number"]] if given is None else []
            commits += rows
            times.append(row["updated_at"])
        return Listed(
            self._rest.taken(pulls, commits, reviews, unread),
            tuple(times),
            f"{number + 1} of {total or 0}" if listed and has_next else None,
            total,
            self._rest.taken_warnings(),
        )

    def _sized(self, item: Mapping[str, Any], path: str) -> Mapping[str, Any]:
        """A listed pull request with its lines and files, which Gitea does not count for lists."""
        if any(item.get(name) is not None for name in _SIZES):
            return item
        told = self._rest.part(path) or {}
        return {**item, **{name: told.get(name) for name in _SIZES}}

    def _checks(self, head: str | None) -> str | None:
        if not head:
            return None
        status = self._rest.part(f"{self._repository}/commits/{head}/status")
        if status is None:
            return None
        return _CHECKS.get(status["state"]) if status.get("total_count") else "none"


def read_kept(kept: KeptAnswers, repository_id: str) -> ForgeFrames:
    """What the answers of one page come to.

    Raises:
        ForgeError: they do not tell.
    """
    asked = kept.last(r"GET /repos/([^?]+)/pulls\?.*\bpage=(\d+)")
    return Gitea(kept, unquote(asked[1]), repository_id)._page(asked[2]).frames


def _row(told: Mapping[str, Any]) -> Row:
    head, base = told["head"], told["base"]
    author = told["user"]
    state = "merged" if told["merged"] else told["state"]
    return {
        "number": told["number"],
        "forge_id": str(told["id"]),
        "url": told["html_url"],
        "title": told["title"],
        "body": told["body"],
        "state": state,
        "is_draft": told.get("draft"),
        "author_login": _login(author),
        "author_id": str(author["id"]) if _login(author) else None,
        "author_is_bot": _is_bot(author),
        "created_at": moment(told["created_at"]),
        "updated_at": moment(told["updated_at"]),
        "closed_at": moment(told["closed_at"] or told["merged_at"]),
        "merged_at": moment(told["merged_at"]),
        "merged_by_login": _login(told["merged_by"]),
        "merge_commit_id": told["merge_commit_sha"] or None if told["merged"] else None,
        "head_commit_id": head["sha"] or None,
        "head_branch": (head["label"] if _is_gone(head) else head["ref"]) or None,
        "head_repository": head["repo"]["full_name"] if head["repo"] else None,
        "base_branch": base["ref"],
        "base_commit_id": told["merge_base"] or None,  # the base's `sha` is its branch as of now
        "labels": [label["name"] for label in told["labels"] or ()],
        "added": told.get("additions"),
        "deleted": told.get("deletions"),
        "changed_files": told.get("changed_files"),
        "comments": told["comments"],
    }


def _is_gone(branch: Mapping[str, Any]) -> bool:
    """Whether the ref of the pull request itself stands for a branch that is no more."""
    return str(branch["ref"]).startswith("refs/pull/")


def _login(account: Mapping[str, Any] | None) -> str | None:
    if account is None or account["id"] == -1:
        return None
    return str(account["login"])


def _is_bot(account: Mapping[str, Any] | None) -> bool | None:
    """True for the account of workflows; Gitea does not tell of others."""
    return True if account is not None and account["id"] == _ACTIONS_USER else None


def _commit_rows(number: int, commits: list[Any] | None) -> list[Row]:
    listed = [
        {
            "sha": item["sha"],
            "parents": [parent["sha"] for parent in item["parents"] or ()],
            "login": _login(item.get("author")),
        }
        for item in commits or ()
    ]
    return [
        {
            "number": number,
            "commit_id": item["sha"],
            "position": position,
            "author_login": item["login"],
        }
        for position, item in enumerate(oldest_first(listed, "parents"))
    ]


def _review_rows(number: int, reviews: list[Any] | None) -> list[Row]:
    """A request for a review is none."""
    return [
        {
            "number": number,
            "review_id": str(item["id"]),
            "reviewer_login": _login(item["user"]),
            "reviewer_is_bot": _is_bot(item["user"]),
            "state": "dismissed" if item.get("dismissed") else _REVIEWS[item["state"]],
            "submitted_at": moment(item["submitted_at"]),
            "comments": item["comments_count"],
        }
        for item in reviews or ()
        if item["state"] in _REVIEWS
    ]
