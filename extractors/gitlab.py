"""Merge requests from GitLab, of gitlab.com and self-managed, by its REST API (v4).

The list is read with the oldest update first, and each page begins at the update time that the
page before ended with. So an update on the way moves a merge request to the end, where it is
read again, and none is passed over; a stopped run goes on at the time that it had come to.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, quote, unquote

from quarterdeck.extractors.forge_answers import Asker, KeptAnswers
from quarterdeck.extractors.forge_errors import ForgeBrokenPartError, ForgeNotFoundError
from quarterdeck.extractors.forge_frames import ForgeFrames
from quarterdeck.extractors.forge_messages import Answer
from quarterdeck.extractors.forge_pages import OVERLAP, Estimate, Page, moment
from quarterdeck.extractors.forge_rest import RestReader, Row, oldest_first

#: Raise it with every change of what an answer comes to: kept answers are then read again.
READING = 1
PAGE_SIZE = 100
#: Requests for each merge request beside the list: itself, commits, approvals, discussions.
REQUESTS_EACH = 4
_SECONDS_A_REQUEST = 0.5
_PROJECT_BOT = re.compile(r"(project|group)_\d+_bot(_\w+)?")
_STATES = {"opened": "open", "locked": "open", "closed": "closed", "merged": "merged"}
_CHECKS = {
    "success": "success",
    "failed": "failure",
    "canceled": "error",
    "canceling": "error",
    "skipped": "none",
}


def api_url(base_url: str) -> str:
    """Where the REST API is."""
    return f"{base_url.rstrip('/')}/api/v4"


@dataclass
class GitLab:
    """The merge requests of one project.

    Args:
        client: whose base URL ends with `/api/v4`.
        slug: the project's path with its groups.
        repository_id: the repository's name in the lake.
        page_size: merge requests a page.
    """

    client: Asker
    slug: str
    repository_id: str
    page_size: int = PAGE_SIZE
    source: str = "gitlab"

    def __post_init__(self) -> None:
        self._rest = RestReader(
            self.client, self.repository_id, self.source, self.page_size, "per_page"
        )
        self._project = f"/projects/{quote(self.slug, safe='')}"
        self._forks: dict[int, Answer] = {}  # the projects that merge requests come from

    @property
    def _place(self) -> str:
        return f"{self.client.base_url} {self.slug}"

    def pages(self, state: Mapping[str, object] | None) -> Iterator[Page]:
        """All that changed since the state, the oldest update first.

        Raises:
            ForgeError: a subclass says what is wrong; pages before it can be kept.
        """
        since, is_complete = self._since(state)
        if since is not None and is_complete:
            since -= OVERLAP
        number, read = 1, set[tuple[int, str]]()
        while True:
            try:
                listed = self._list(since, number)
                is_last = self._is_last(listed)
                new = [m for m in listed if (m["iid"], m["updated_at"]) not in read]
                read |= {(m["iid"], m["updated_at"]) for m in new}
                rows = self._rows(new)
                last = moment(listed[-1]["updated_at"]) if listed else since
            except (KeyError, TypeError, AttributeError, ValueError) as error:
                said = f"an answer of another form ({error!r})"
                raise self._rest.no_sense(self._project, said) from error
            # many merge requests of one update time fill pages of that time; one that is updated
            # meanwhile leaves them, and others move up into the page just read
            number = number + (not new) if last == since else 1
            since = last
            yield Page(
                self._rest.taken(*rows),
                {
                    "place": self._place,
                    "since": since.isoformat() if since is not None else None,
                    "complete": is_last,
                },
                warnings=self._rest.taken_warnings(),
            )
            if is_last:
                return

    def estimate(self, state: Mapping[str, object] | None) -> Estimate:
        """What `pages` would take; asks one question.

        Raises:
            ForgeError: a subclass says what is wrong.
        """
        since, is_complete = self._since(state)
        if since is not None and is_complete:
            since -= OVERLAP
        asked = {**self._filter(since), "per_page": 1}
        self._rest.one(f"{self._project}/merge_requests", asked)
        count = self._rest.total()  # left out where it would take too long to count
        self._rest.answers.clear()
        if count is None:
            return Estimate(None, None, None, None)
        requests = max(1, -(-count // self.page_size)) + count * REQUESTS_EACH
        return Estimate(count, requests, None, requests * _SECONDS_A_REQUEST)

    def _since(self, state: Mapping[str, object] | None) -> tuple[datetime | None, bool]:
        if state is None or state.get("place") != self._place:
            return None, True
        return moment(state.get("since")), bool(state.get("complete"))

    def _filter(self, since: datetime | None) -> dict[str, str | int]:
        asked: dict[str, str | int] = {"scope": "all", "state": "all"}
        asked |= {"order_by": "updated_at", "sort": "asc"}
        if since is not None:
            utc = since.astimezone(UTC) - timedelta(milliseconds=1)  # GitLab cuts off the rest
            asked["updated_after"] = f"{utc:%Y-%m-%dT%H:%M:%S}.{utc.microsecond // 1000:03d}Z"
        return asked

    def _list(self, since: datetime | None, number: int) -> list[Any]:
        asked = {**self._filter(since), "per_page": self.page_size, "page": number}
        found = self._rest.one(f"{self._project}/merge_requests", asked)
        if not isinstance(found, list):
            raise TypeError("no list")
        return found

    def _is_last(self, listed: list[Any]) -> bool:
        """Whether the page just read is the last; it may be short where some are not shown."""
        following = self._rest.answers[-1].headers.get("X-Next-Page")
        return len(listed) < self.page_size if following is None else not following

    def page_again(
        self, kept: KeptAnswers, path: str, asked: Mapping[str, str | int]
    ) -> ForgeFrames:
        """A page from its kept answers, without what it lists and a page before it told.

        Raises:
            ForgeError: they do not tell.
        """
        try:
            listed = self._rest.one(path, asked)
            told = [item for item in listed if kept.has(f"{path}/{item['iid']}")]
            return self._rest.taken(*self._rows(told))
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            said = f"an answer of another form ({error!r})"
            raise self._rest.no_sense(self._project, said) from error

    def _rows(self, listed: list[Any]) -> tuple[list[Row], list[Row], list[Row], list[int]]:
        pulls: list[Row] = []
        commits: list[Row] = []
        reviews: list[Row] = []
        unread: list[int] = []
        for item in listed:
            number = item["iid"]
            path = f"{self._project}/merge_requests/{number}"
            try:
                told = self._rest.one_of_many(path)
            except ForgeNotFoundError:
                self._rest.warnings.append(f"merge request {number} is gone: kept as listed")
                told = item
            except ForgeBrokenPartError as error:
                self._rest.warnings.append(f"merge request {number}: kept as listed: {error}")
                told = item
            own = self._rest.part_list(f"{path}/commits")
            approvals = self._rest.part(f"{path}/approvals")
            threads = self._threads(path, told)
            pulls.append({**self._row(told), **threads})
            commits += _commit_rows(number, own)
            reviews += _review_rows(number, approvals)
            unread += [number] if approvals is None else []
        return pulls, commits, reviews, unread

    def _threads(self, path: str, told: Mapping[str, Any]) -> Row:
        """Counts of threads that can be resolved; without notes there are none to ask for."""
        discussions = (
            self._rest.part_list(f"{path}/discussions") if told["user_notes_count"] else []
        )
        if discussions is None:
            return {}
        first = [item["notes"][0] for item in discussions if item["notes"]]
        threads = [note for note in first if note.get("resolvable")]
        resolved = sum(bool(note.get("resolved")) for note in threads)
        return {"review_threads": len(threads), "resolved_threads": resolved}

    def _row(self, told: Mapping[str, Any]) -> Row:
        merged_by = told.get("merge_user") or told.get("merged_by")
        refs = told.get("diff_refs") or {}
        author = told["author"]
        ended = told.get("merged_at") or told.get("closed_at")
        return {
            "number": told["iid"],
            "forge_id": str(told["id"]),
            "url": told["web_url"],
            "title": told["title"],
            "body": told["description"],
            "state": _STATES[told["state"]],
            "is_draft": told.get("draft", told.get("work_in_progress")),
            "author_login": _login(author),
            "author_id": str(author["id"]) if _login(author) else None,
            "author_is_bot": _is_bot(author),
            "created_at": moment(told["created_at"]),
            "updated_at": moment(told["updated_at"]),
            "closed_at": moment(ended),
            "merged_at": moment(told.get("merged_at")),
            "merged_by_login": _login(merged_by),
            "merge_commit_id": _landed(told),
            "head_commit_id": told["sha"],
            "head_branch": told["source_branch"],
            "head_repository": self._source_project(told),
            "base_branch": told["target_branch"],
            "base_commit_id": refs.get("base_sha"),
            "labels": [str(label) for label in told["labels"]],
            "changed_files": _count(told.get("changes_count")),
            "comments": told["user_notes_count"],
            "checks": _checks(told),
        }

    def _source_project(self, told: Mapping[str, Any]) -> str | None:
        source = told["source_project_id"]
        if source is None:
            return None
        if source == told["target_project_id"]:
            return self.slug
        if source in self._forks:
            self._rest.also(self._forks[source])
        else:
            self._rest.part(f"/projects/{source}")
            self._forks[source] = self._rest.answers[-1]
        project = self._forks[source].json
        return str(project["path_with_namespace"]) if project else None


def read_kept(kept: KeptAnswers, repository_id: str) -> ForgeFrames:
    """What the answers of one page come to.

    Raises:
        ForgeError: they do not tell.
    """
    asked = kept.last(r"GET (/projects/([^/?]+)/merge_requests)\?(.*)")
    reader = GitLab(kept, unquote(asked[2]), repository_id)
    return reader.page_again(kept, asked[1], dict(parse_qsl(asked[3])))


def _landed(told: Mapping[str, Any]) -> str | None:
    """The commit on the target branch: of the merge, of the squash, or the head moved there."""
    if told["state"] != "merged":
        return None
    found = told.get("merge_commit_sha") or told.get("squash_commit_sha") or told["sha"]
    return str(found) if found else None


def _login(account: Mapping[str, Any] | None) -> str | None:
    if account is None or account["username"] == "ghost":
        return None
    return str(account["username"])


def _is_bot(account: Mapping[str, Any] | None) -> bool | None:
    """True for the accounts of project and group tokens; GitLab does not tell of others."""
    login = _login(account)
    return True if login is not None and _PROJECT_BOT.fullmatch(login) else None


def _count(text: str | None) -> int | None:
    """`changes_count`, a text, which is `1000+` where GitLab stopped counting."""
    return int(text) if text is not None and text.isdigit() else None


def _checks(told: Mapping[str, Any]) -> str | None:
    if "head_pipeline" not in told:
        return None
    pipeline = told["head_pipeline"]
    return _CHECKS.get(pipeline["status"], "pending") if pipeline else "none"


def _commit_rows(number: int, commits: list[Any] | None) -> list[Row]:
    listed = [{"sha": item["id"], "parents": item["parent_ids"] or []} for item in commits or ()]
    ordered = oldest_first(listed, "parents")
    return [
        {"number": number, "commit_id": item["sha"], "position": position}
        for position, item in enumerate(ordered)
    ]


def _review_rows(number: int, approvals: Mapping[str, Any] | None) -> list[Row]:
    """An approval is a review; GitLab tells its time since version 18."""
    return [
        {
            "number": number,
            "review_id": f"approval {number} {item['user']['id']}",
            "reviewer_login": _login(item["user"]),
            "reviewer_is_bot": _is_bot(item["user"]),
            "state": "approved",
            "submitted_at": moment(item.get("approved_at")),
        }
        for item in (approvals or {}).get("approved_by") or ()
    ]
