"""Gitea's REST API (v1) for an invented repository, in the shapes of its published description."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any

from fake_forge import Asked, FakeForge, Reply
from fake_gitlab import paged
from forge_descriptions import Description
from forge_world import Account, Pull

_REVIEWS = {
    "approved": "APPROVED",
    "commented": "COMMENT",
    "changes_requested": "REQUEST_CHANGES",
    "dismissed": "APPROVED",
}
#: The base branch as it stands now, which is not what a pull request was compared with.
TIP = "e" * 40
_THERE = timezone(timedelta(hours=2))


@dataclass
class FakeGitea(FakeForge):
    """Answers below /api/v1."""

    between: Callable[[int], None] = field(default=lambda _number: None)
    most: int = 50  # items a page, whatever is asked for
    counts: bool = True
    sized_lists: bool = False

    def spoiled(self, kind: str) -> Reply:
        assert kind == "limit"
        return Reply(429, b"", {"Retry-After": "20"})

    def limit_headers(self, token: str | None) -> dict[str, str]:
        return {}

    def reply(self, asked: Asked) -> Reply:
        self.between(len(self.asked) - 1)
        total = "X-Total-Count" if self.counts else None
        repository = f"/api/v1/repos/{self.world.slug}"
        old = "/api/v1/repos/acme/old-harbour"
        if asked.path.startswith(f"{old}/") and old != f"/api/v1/repos/{self.world.slug}":
            rest = asked.path.removeprefix(old)
            return Reply(301, b"", {"Location": f"{repository}{rest}?{_encoded(asked)}"})
        if not asked.path.startswith(repository + "/"):
            return Reply.of({"message": "The target couldn't be found."}, 404)
        rest = asked.path.removeprefix(repository + "/").split("/")
        if rest == ["pulls"]:
            assert (asked.query["state"], asked.query["sort"]) == ("all", "recentupdate")
            pulls = [self._listed(pull) for pull in self.world.newest_first()]
            return paged(pulls, asked, "limit", self.most, total)
        if rest[0] == "commits":
            return self._status(rest[1])
        if int(rest[1]) not in self.world.pulls:
            return Reply.of({"message": "The target couldn't be found."}, 404)
        pull = self.world.pulls[int(rest[1])]
        if len(rest) == 2:
            return Reply.of(self._pull(pull))
        items = _reviews(pull) if rest[2] == "reviews" else _commits(pull)
        return paged(items, asked, "limit", self.most, total)

    def _listed(self, pull: Pull) -> dict[str, Any]:
        """Gitea counts no lines for a list, and Forgejo does."""
        told = self._pull(pull)
        return told if self.sized_lists else _without_sizes(told)

    def _pull(self, pull: Pull) -> dict[str, Any]:
        told = shaped(
            "PullRequest",
            id=5000 + pull.number,
            number=pull.number,
            html_url=f"https://forge.example/{self.world.slug}/pulls/{pull.number}",
            title=pull.title,
            body=pull.body,
            state="open" if pull.state == "open" else "closed",
            merged=pull.state == "merged",
            draft=pull.draft,
            user=_user(pull.author),
            created_at=_time(pull.created),
            updated_at=_time(pull.updated),
            closed_at=_time(pull.closed),
            merged_at=_time(pull.merged),
            merged_by=_user(pull.merged_by) if pull.merged_by else None,
            merge_commit_sha=pull.merge_commit,
            head=_head(pull),
            base=_branch("main", TIP, self.world.slug),
            merge_base="0" * 40,
            labels=[shaped("Label", name=name) for name in pull.labels],
            additions=pull.number,
            deletions=0,
            changed_files=1,
            comments=pull.comments,
        )
        return told if pull.head_repository else _without_sizes(told)

    def _status(self, commit_id: str) -> Reply:
        pull = next((p for p in self.world.pulls.values() if p.head == commit_id), None)
        if pull is None:
            return Reply.of({"message": "The target couldn't be found."}, 404)
        told = {"state": pull.checks or "pending", "total_count": 1 if pull.checks else 0}
        return Reply.of(shaped("CombinedStatus", **told))


def shaped(kind: str, /, **fields: Any) -> dict[str, Any]:
    """An object as described."""
    return Description.of("gitea").example(kind, **fields)


def _head(pull: Pull) -> dict[str, Any]:
    """Where the fork is gone, its ref stands for the branch; a branch moves on after its merge."""
    branch = f"topic-{pull.number}"
    if pull.head_repository is None:
        return _branch(branch, pull.head, None) | {"ref": f"refs/pull/{pull.number}/head"}
    moved_on = pull.state != "open" and pull.number % 4 == 1
    return _branch(branch, TIP if moved_on else pull.head, pull.head_repository)


def _branch(name: str, commit_id: str, repository: str | None) -> dict[str, Any]:
    repo = {"full_name": repository} if repository else None
    return shaped("PRBranchInfo", label=name, ref=name, sha=commit_id, repo=repo)


def _without_sizes(told: dict[str, Any]) -> dict[str, Any]:
    sizes = ("additions", "deletions", "changed_files")
    return {name: value for name, value in told.items() if name not in sizes}


def _encoded(asked: Asked) -> str:
    return "&".join(f"{key}={value}" for key, value in asked.query.items())


def _time(value: datetime | None) -> str | None:
    """In the server's own zone, as Gitea has it."""
    return value.astimezone(_THERE).isoformat() if value is not None else None


def _user(account: Account | None) -> dict[str, Any]:
    if account is None:
        return shaped("User", id=-1, login="Ghost")
    return shaped("User", id=account.number, login=account.login)


def _reviews(pull: Pull) -> list[Any]:
    asked_for = shaped("PullReview", id=1, state="REQUEST_REVIEW", user=_user(pull.author))
    given = [
        shaped(
            "PullReview",
            id=review.number,
            state=_REVIEWS[review.state],
            dismissed=review.state == "dismissed",
            user=_user(review.reviewer),
            submitted_at=_time(review.at),
            comments_count=review.comments,
        )
        for review in pull.reviews
    ]
    return [asked_for, *given]


def _commits(pull: Pull) -> list[Any]:
    ids = [commit_id for commit_id, _ in pull.commits]
    parents = ["f" * 40, *ids[:-1]]
    items = [
        shaped(
            "Commit",
            sha=commit_id,
            parents=[shaped("CommitMeta", sha=parent)],
            author=_user(account) if account else None,
        )
        for (commit_id, account), parent in zip(pull.commits, parents, strict=True)
    ]
    return items[::-1]
