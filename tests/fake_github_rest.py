"""GitHub's REST API, as far as Perceval's extractor asks for it, to count what it asks."""

from dataclasses import dataclass
from typing import Any

from fake_forge import Asked, FakeForge, Reply
from fake_gitlab import paged
from forge_world import Account, Pull


@dataclass
class FakeGitHubRest(FakeForge):
    """Answers below /api/v3."""

    def limited(self, asked: Asked) -> Reply | None:
        return None

    def spoiled(self, kind: str) -> Reply:
        assert kind == "limit"
        return Reply.of({"message": "API rate limit exceeded"}, 403)

    def reply(self, asked: Asked) -> Reply:
        path = asked.path.removeprefix("/api/v3").strip("/").split("/")
        if path == ["rate_limit"]:
            core = {"limit": 10**9, "remaining": 10**9, "reset": int(self.now()) + 3600}
            return Reply.of({"resources": {"core": core}, "rate": core})
        if path[0] == "users":
            return Reply.of([] if path[-1] == "orgs" else {"login": path[1], "id": 1})
        if path[3] == "issues":
            items = [self._issue(pull) for pull in self.world.newest_first()]
            reply = paged(items, asked, "per_page", 100, None)
            page, size = int(asked.query.get("page", 1)), int(asked.query.get("per_page", 30))
            if page * size < len(items):
                query = "&".join(f"{k}={v}" for k, v in {**asked.query, "page": page + 1}.items())
                where = f"http://{self.host}{asked.path}?{query}"
                reply.headers["Link"] = f'<{where}>; rel="next"'
            return reply
        pull = self.world.pulls[int(path[4])]
        if len(path) == 5:
            counts = {"commits": len(pull.commits), "review_comments": len(_comments(pull))}
            more = {"merged_by": _user(pull.merged_by), "requested_reviewers": [], **counts}
            return Reply.of({**self._issue(pull), **more})
        parts: dict[str, list[Any]] = {
            "commits": [{"sha": commit_id} for commit_id, _ in pull.commits],
            "reviews": [{"id": r.number, "user": _user(r.reviewer)} for r in pull.reviews],
            "comments": _comments(pull),
        }
        items = parts[path[5]]
        return paged(items, asked, "per_page", 100, None)

    host: str = ""

    def _issue(self, pull: Pull) -> dict[str, Any]:
        return {
            "id": pull.number,
            "number": pull.number,
            "updated_at": f"{pull.updated:%Y-%m-%dT%H:%M:%SZ}",
            "created_at": f"{pull.created:%Y-%m-%dT%H:%M:%SZ}",
            "user": _user(pull.author),
            "pull_request": {
                "url": f"http://{self.host}/api/v3/repos/{self.world.slug}/pulls/{pull.number}"
            },
        }


def _comments(pull: Pull) -> list[Any]:
    return [
        {"id": 100 * r.number + n, "user": _user(r.reviewer), "reactions": {"total_count": 0}}
        for r in pull.reviews
        for n in range(r.comments)
    ]


def _user(account: Account | None) -> dict[str, Any] | None:
    return {"login": account.login, "id": account.number} if account is not None else None
