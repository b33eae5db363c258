"""GitLab's REST API (v4) for an invented project, in the shapes of its published description."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, unquote, urlencode

from fake_forge import Asked, FakeForge, Reply
from forge_descriptions import Description
from forge_world import Account, Pull

_STATES = {"open": "opened", "closed": "closed", "merged": "merged"}
_CHECKS = {"success": "success", "failure": "failed", "pending": "running", "error": "canceled"}


def shaped(kind: str, /, **fields: Any) -> dict[str, Any]:
    """An object as described."""
    return Description.of("gitlab").example(kind, **fields)


def stamp(value: datetime | None) -> str | None:
    if value is None:
        return None
    return (
        value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{value.microsecond // 1000:03d}Z"
    )


def paged(
    items: Sequence[Any], asked: Asked, size_name: str, most: int, total: str | None
) -> Reply:
    """A page of a list, by number."""
    size = min(int(asked.query.get(size_name, 20)), most)
    begin = (int(asked.query.get("page", 1)) - 1) * size
    headers = {total: str(len(items))} if total else {}
    following = int(asked.query.get("page", 1)) + 1 if begin + size < len(items) else ""
    headers |= {"X-Next-Page": str(following)} if size_name == "per_page" else {}
    return Reply(200, json.dumps(items[begin : begin + size]).encode(), headers)


@dataclass
class FakeGitLab(FakeForge):
    """Answers below /api/v4."""

    between: Callable[[int], None] = field(default=lambda _number: None)
    counts: bool = True  # whether lists tell their length
    has_approvals: bool = True
    hidden: frozenset[int] = frozenset()  # left out of pages, which are short then

    def spoiled(self, kind: str) -> Reply:
        assert kind == "limit"
        return Reply(429, b"Retry later\n", {"Retry-After": "20"})

    def limit_headers(self, token: str | None) -> dict[str, str]:
        found = super().limit_headers(token)
        return {name.removeprefix("X-"): value for name, value in found.items()}

    def reply(self, asked: Asked) -> Reply:
        self.between(len(self.asked) - 1)
        project = f"/api/v4/projects/{quote(self.world.slug, safe='')}"
        total = "X-Total" if self.counts else None
        old = f"/api/v4/projects/{quote('acme/old-harbour', safe='')}"
        if asked.path.startswith(f"{old}/") and old != project:
            to = f"{project}{asked.path.removeprefix(old)}?{urlencode(asked.query)}"
            return Reply(301, b"", {"Location": to})
        if asked.path == "/api/v4/projects/77":
            return Reply.of(shaped("SimpleProject", path_with_namespace="ben-sample/harbour"))
        if not asked.path.startswith(f"{project}/merge_requests"):
            return Reply.of({"message": "404 Project Not Found"}, 404)
        rest = unquote(asked.path.removeprefix(f"{project}/merge_requests")).strip("/").split("/")
        if rest == [""]:
            page = paged(self._listed(asked), asked, "per_page", 100, total)
            shown = [item for item in json.loads(page.body) if item["iid"] not in self.hidden]
            return Reply(200, json.dumps(shown).encode(), page.headers)
        pull = self.world.pulls[int(rest[0])]
        part = rest[1] if len(rest) > 1 else "detail"
        if part == "detail":
            return Reply.of(self._detail(pull))
        if part == "approvals":
            if not self.has_approvals:
                return Reply.of({"message": "404 Not Found"}, 404)
            return Reply.of(self._approvals(pull))
        items = self._commits(pull) if part == "commits" else self._discussions(pull)
        return paged(items, asked, "per_page", 100, total)

    def _listed(self, asked: Asked) -> list[Any]:
        query = asked.query
        assert (query["scope"], query["state"]) == ("all", "all")
        assert (query["order_by"], query["sort"]) == ("updated_at", "asc")
        after = query.get("updated_after", "")
        pulls = [p for p in reversed(self.world.newest_first()) if (stamp(p.updated) or "") > after]
        return [self._summary(pull) for pull in pulls]

    def _summary(self, pull: Pull) -> dict[str, Any]:
        return shaped("MergeRequest", **self._fields(pull))

    def _fields(self, pull: Pull) -> dict[str, Any]:
        own = pull.head_repository is not None
        return {
            "id": 5000 + pull.number,
            "iid": pull.number,
            "title": pull.title,
            "description": pull.body,
            "state": _STATES[pull.state],
            "draft": pull.draft,
            "author": _user(pull.author),
            "created_at": stamp(pull.created),
            "updated_at": stamp(pull.updated),
            "closed_at": stamp(pull.closed) if pull.state == "closed" else None,
            "merged_at": stamp(pull.merged),
            "merge_user": _user(pull.merged_by) if pull.merged_by else None,
            "merge_commit_sha": pull.merge_commit,
            "sha": pull.head,
            "source_branch": f"topic-{pull.number}",
            "target_branch": "main",
            "source_project_id": 77 if own else None,
            "target_project_id": 7,
            "labels": list(pull.labels),
            "user_notes_count": pull.comments + len(pull.threads),
            "web_url": f"https://forge.example/{self.world.slug}/-/merge_requests/{pull.number}",
        }

    def _detail(self, pull: Pull) -> dict[str, Any]:
        pipeline = None
        if pull.checks:
            pipeline = shaped("ExpandedPipeline", id=1, status=_CHECKS[pull.checks])
        more = {
            "changes_count": "1",
            "head_pipeline": pipeline,
            "diff_refs": shaped("DiffRefs", base_sha="0" * 40, head_sha=pull.head),
        }
        return shaped("ExpandedMergeRequest", **self._fields(pull), **more)

    def _approvals(self, pull: Pull) -> dict[str, Any]:
        given = [r for r in pull.reviews if r.state == "approved"]
        by = {r.reviewer.number if r.reviewer else 1: r for r in given}.values()
        items = [
            shaped("ApprovedByEntity", user=_user(r.reviewer), approved_at=stamp(r.at)) for r in by
        ]
        return shaped("Approvals", approved_by=items)

    def _commits(self, pull: Pull) -> list[Any]:
        ids = [commit_id for commit_id, _ in pull.commits]
        items = [
            shaped("Commit", id=one, parent_ids=[parent])
            for one, parent in zip(ids, ["f" * 40, *ids[:-1]], strict=True)
        ]
        return items[::-1]

    def _discussions(self, pull: Pull) -> list[Any]:
        threads = [shaped("DiscussionNote", resolvable=True, resolved=t) for t in pull.threads]
        note = shaped("DiscussionNote", resolvable=False)
        del note["resolved"]  # is told of those that can be
        return [shaped("Discussion", notes=[n]) for n in (*threads, *[note] * pull.comments)]


def _user(account: Account | None) -> dict[str, Any]:
    if account is None:
        return shaped("SimpleUser", id=1, username="ghost", name="Ghost User")
    login = "project_7_bot_0a1b2c" if account.is_bot else account.login
    return shaped("SimpleUser", id=account.number, username=login)
