"""Pull requests as `gh pr list --json ...` prints them.

Field names from the manual of GitHub's command-line client. A field that was not asked for is
not there, and stays NULL.
"""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from quarterdeck.extractors import forge_values as values
from quarterdeck.extractors.errors import ForgeFileError
from quarterdeck.extractors.forge_frames import ForgeFrames
from quarterdeck.extractors.forge_rows import read_rows
from quarterdeck.extractors.forge_tables import FileTold, TableSpec, newest_of_each
from quarterdeck.extractors.forge_values import Troubles

SOURCE = "gh-json"
#: gh asks for at most that many commits and reviews of a pull request: such a list may go on.
_LIST_LIMIT = 100
_FAILURES = frozenset(
    ["FAILURE", "ERROR", "CANCELLED", "TIMED_OUT", "ACTION_REQUIRED", "STARTUP_FAILURE"]
)
_WAITING = frozenset(["PENDING", "EXPECTED", "QUEUED", "IN_PROGRESS", "WAITING", "REQUESTED"])
_PLAIN: dict[str, tuple[str, values.Converter]] = {
    "number": ("number", values.reference),
    "forge_id": ("id", values.plain_text),
    "url": ("url", values.plain_text),
    "title": ("title", values.plain_text),
    "body": ("body", values.plain_text),
    "state": ("state", values.state),
    "is_draft": ("isDraft", values.truth),
    "author_id": ("author.id", values.plain_text),
    "author_is_bot": ("author.is_bot", values.truth),
    "author_association": ("authorAssociation", values.plain_text),
    "created_at": ("createdAt", values.time),
    "updated_at": ("updatedAt", values.time),
    "closed_at": ("closedAt", values.time),
    "merged_at": ("mergedAt", values.time),
    "merge_commit_id": ("mergeCommit.oid", values.commit_id),
    "head_commit_id": ("headRefOid", values.commit_id),
    "head_branch": ("headRefName", values.plain_text),
    "base_branch": ("baseRefName", values.plain_text),
    "base_commit_id": ("baseRefOid", values.commit_id),
    "labels": ("labels", values.texts),
    "added": ("additions", values.count),
    "deleted": ("deletions", values.count),
    "changed_files": ("changedFiles", values.count),
}


def read_gh_json(path: Path, spec: TableSpec, as_of: datetime) -> FileTold:
    """Read what `gh pr list --json` printed.

    Args:
        path: the file: a list of objects, or an object a line.
        spec: of its settings `repository` and `repositories` count; without the first, the
            repository is taken from each `url`.
        as_of: `fetched_at` of every row.

    Raises:
        ForgeFileError: the file cannot be read, or neither it nor the settings tell the
            repository or the numbers.
    """
    troubles, rows = Troubles(), 0
    told: dict[str, list[dict[str, Any]]] = {"pulls": [], "commits": [], "reviews": []}
    is_lines = any(suffix in (".jsonl", ".ndjson") for suffix in path.suffixes)
    for where, cells in read_rows(path, "jsonl" if is_lines else "json", None, troubles):
        rows += 1
        _check(path, cells, spec)
        pull = _pull_request(where, cells, spec, troubles)
        if pull["number"] is None or pull["repository_id"] is None:
            troubles.add("rows without a number or a repository, left out", where)
            continue
        pull["fetched_at"] = as_of
        told["pulls"].append(pull)
        key = {name: pull[name] for name in ("repository_id", "number", "fetched_at")}
        told["commits"] += [key | item for item in _commits(where, cells, troubles)]
        told["reviews"] += [key | item for item in _reviews(where, cells, troubles)]
    if not rows:
        troubles.add("no rows", path.name)
    frames = ForgeFrames.from_rows(told["pulls"], told["commits"], told["reviews"])
    pulls = newest_of_each(frames.pull_requests, troubles)
    key_columns = ["repository_id", "number"]
    return FileTold(
        ForgeFrames(
            pulls,
            frames.commits.unique([*key_columns, "commit_id"], maintain_order=True),
            frames.reviews.unique([*key_columns, "review_id"], maintain_order=True),
        ),
        rows,
        troubles,
    )


def _check(path: Path, cells: Mapping[str, Any], spec: TableSpec) -> None:
    if "number" not in cells:
        raise ForgeFileError(
            f"{path}: holds no `number`; ask for it: gh pr list --json number,url,state,..., or "
            "give `columns` for a file of another kind"
        )
    if "url" not in cells and spec.repository is None:
        raise ForgeFileError(
            f"{path}: does not tell the repository; ask gh for `url` too, or give `repository`"
        )


def _pull_request(
    where: str, cells: Mapping[str, Any], spec: TableSpec, troubles: Troubles
) -> dict[str, Any]:
    row: dict[str, Any] = {"source": SOURCE}
    for name, (column, convert) in _PLAIN.items():
        try:
            row[name] = convert(cells.get(column))
        except ValueError:
            troubles.add(f"{name} not understood", where, cells.get(column))
            row[name] = None
    if row["merged_at"] is not None:
        row["state"] = "merged"
    row["author_login"] = _login(cells.get("author"))
    row["merged_by_login"] = _login(cells.get("mergedBy"))
    row["head_repository"] = _head_repository(cells)
    repository = spec.repository or values.repository_name(cells.get("url"))
    issues = cells.get("closingIssuesReferences")
    if isinstance(issues, list):
        try:
            numbers = [
                issue.get("number") if isinstance(issue, dict) else None
                for issue in issues
                if not _is_elsewhere(issue, cells)
            ]
            row["closing_issues"] = values.whole_numbers(numbers)
        except ValueError:
            troubles.add("closing_issues not understood", where, issues)
    if isinstance(cells.get("comments"), list):
        row["comments"] = len(cells["comments"])
    row["checks"] = _checks(cells.get("statusCheckRollup"))
    row["repository_id"] = spec.repositories.get(repository or "", repository)
    return row


def _is_elsewhere(issue: Any, cells: Mapping[str, Any]) -> bool:
    """Whether an issue is known to be of another repository."""
    own = values.repository_name(cells.get("url"))
    url = issue.get("url") if isinstance(issue, dict) else None
    there = values.repository_name(url) if isinstance(url, str) else None
    return None not in (own, there) and str(own).lower() != str(there).lower()


def _login(account: Any) -> str | None:
    """The login; gh writes `app/name` for what the API calls `name[bot]`."""
    login = account.get("login") if isinstance(account, dict) else None
    if isinstance(login, str) and login.startswith("app/"):
        return f"{login.removeprefix('app/')}[bot]"
    return values.plain_text(login)


def _head_repository(cells: Mapping[str, Any]) -> str | None:
    whole = cells.get("headRepository.nameWithOwner")
    owner, name = cells.get("headRepositoryOwner.login"), cells.get("headRepository.name")
    return whole or (f"{owner}/{name}" if owner and name else None)


def _checks(rollup: Any) -> str | None:
    if not isinstance(rollup, list):
        return None
    if not rollup:
        return "none"
    states = {
        str(c.get("conclusion") or c.get("state") or c.get("status") or "PENDING").upper()
        for c in rollup
        if isinstance(c, dict)
    }
    if not states:
        return None
    if states & _FAILURES:
        return "failure"
    return "pending" if states & _WAITING else "success"


def _commits(where: str, cells: Mapping[str, Any], troubles: Troubles) -> list[dict[str, Any]]:
    listed = cells.get("commits")
    if not isinstance(listed, list):
        return []
    if len(listed) >= _LIST_LIMIT:
        troubles.add("lists of commits that gh may have cut off, left out", where, len(listed))
        return []
    made = []
    for position, item in enumerate(listed):
        try:
            commit_id = values.commit_id(item["oid"])
        except (KeyError, TypeError, ValueError):
            commit_id = None
        if commit_id is None:
            troubles.add("commits without an id, left out", where, item)
            continue
        authors = item.get("authors")
        logins = [_login(one) for one in authors] if isinstance(authors, list) else []
        login = next(filter(None, logins), None)
        made.append({"commit_id": commit_id, "position": position, "author_login": login})
    return made


def _reviews(where: str, cells: Mapping[str, Any], troubles: Troubles) -> list[dict[str, Any]]:
    made = []
    listed = cells.get("reviews")
    for item in listed if isinstance(listed, list) else []:
        review_id = values.plain_text(item.get("id")) if isinstance(item, dict) else None
        if review_id is None:
            troubles.add("reviews without an id, left out", where)
            continue
        try:
            state = values.review_state(item.get("state"))
            submitted = values.time(item.get("submittedAt"))
        except ValueError:
            troubles.add("reviews not understood, left out", where, item)
            continue
        login = _login(item.get("author"))
        made.append(
            {
                "review_id": review_id,
                "reviewer_login": login,
                "reviewer_is_bot": True if (login or "").endswith("[bot]") else None,
                "state": state,
                "submitted_at": submitted,
            }
        )
    return made
