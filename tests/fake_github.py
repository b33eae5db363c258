"""GitHub's GraphQL API over its official schema, for an invented repository.

The schema is that of the npm package @octokit/graphql-schema (MIT; tests/data/forges). Queries
are validated against it and executed by graphql-core. Points are counted by the published rule.
"""

import base64
import json
import lzma
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from fake_forge import Asked, FakeForge, Reply
from forge_world import Account, Pull, Review
from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    VariableNode,
    build_schema,
    execute_sync,
    parse,
    validate,
)

SCHEMA_FILE = Path(__file__).parent / "data/forges/github-schema-15.26.1.graphql.xz"
NEW_HEAD = "d" * 40
_ROLLUP = {"success": "SUCCESS", "failure": "FAILURE", "pending": "EXPECTED", "error": "ERROR"}


@cache
def schema() -> GraphQLSchema:
    text = lzma.decompress(SCHEMA_FILE.read_bytes()).decode()
    return build_schema(text, assume_valid=True, no_location=True)


@cache
def checked(query: str) -> DocumentNode:
    """The query, parsed and validated."""
    document = parse(query)
    problems = validate(schema(), document)
    if problems:
        raise problems[0]
    return document


def points_of(query: str, variables: dict[str, Any]) -> int:
    """By the published rule: requests for each unique connection, divided by 100, rounded."""
    document = checked(query)
    fragments = {
        d.name.value: d.selection_set
        for d in document.definitions
        if isinstance(d, FragmentDefinitionNode)
    }

    def size(node: FieldNode) -> int | None:
        for argument in node.arguments or ():
            if argument.name.value in ("first", "last"):
                value = argument.value
                if isinstance(value, VariableNode):
                    return int(variables[value.name.value])
                assert isinstance(value, IntValueNode)
                return int(value.value)
        return None

    def requests(selections: SelectionSetNode | None, parents: int) -> int:
        total = 0
        for node in selections.selections if selections else ():
            if isinstance(node, FragmentSpreadNode):
                total += requests(fragments[node.name.value], parents)
            elif isinstance(node, InlineFragmentNode):
                total += requests(node.selection_set, parents)
            elif isinstance(node, FieldNode):
                first = size(node)
                total += parents if first is not None else 0
                total += requests(node.selection_set, parents * (first or 1))
        return total

    operation = next(d for d in document.definitions if isinstance(d, OperationDefinitionNode))
    return max(1, round(requests(operation.selection_set, 1) / 100))


def _time(value: datetime | None) -> str | None:
    return value.strftime("%Y-%m-%dT%H:%M:%SZ") if value is not None else None


def _actor(account: Account | None) -> dict[str, Any] | None:
    if account is None:
        return None
    kind = "Bot" if account.is_bot else "User"
    return {"__typename": kind, "login": account.login, "databaseId": account.number}


def _encoded(value: str) -> str:
    return base64.b64encode(f"cursor:v2:{value}".encode()).decode()


def connection(
    items: Sequence[Any], node: Callable[[Any], Any], key: Callable[[int], str] = str
) -> Callable[..., Any]:
    """A connection with `first` or `last`, as GitHub demands."""

    def resolve(
        _info: Any,
        first: int | None = None,
        last: int | None = None,
        after: str | None = None,
        **_: Any,
    ) -> Any:
        if (first is None) == (last is None) or not 1 <= (first or last or 0) <= 100:
            raise GraphQLError("You must provide a `first` or `last` value from 1 to 100")
        begin = 0
        if after is not None:
            known = [_encoded(key(index)) for index in range(len(items))]
            if after not in known:
                raise GraphQLError(
                    f"`{after}` does not appear to be a valid cursor.",
                    extensions={"type": "INVALID_CURSOR_ARGUMENTS"},
                )
            begin = known.index(after) + 1
        if last is not None:
            begin = max(len(items) - last, 0)
        end = min(begin + (first or last or 0), len(items))
        return {
            "totalCount": len(items),
            "pageInfo": {
                "hasNextPage": end < len(items),
                "endCursor": _encoded(key(end - 1)) if end > begin else None,
            },
            "nodes": [node(item) for item in items[begin:end]],
        }

    return resolve


@dataclass
class FakeGitHub(FakeForge):
    """Answers at /api/graphql, as Enterprise does."""

    private: bool = False
    answers_without_limits: bool = False  # Enterprise, where limits are off
    heavy: int | None = None  # more pull requests a page than this, and the gateway gives up
    heavy_more: int | None = None  # the same for further pages of inner connections
    replaced: int | None = None  # a pull request whose head is newer than its list of commits
    poison: int | None = None  # a pull request that the gateway never gives whole
    cursors: str = "keyset"  # or "offset"
    between: Callable[[int], None] = field(default=lambda _number: None)

    def points(self, asked: Asked) -> int:
        told = json.loads(asked.body)
        try:
            return points_of(told["query"], told["variables"])
        except GraphQLError:
            return 1

    def spoiled(self, kind: str) -> Reply:
        if kind == "limit":
            error = {"type": "RATE_LIMITED", "message": "API rate limit exceeded"}
            return Reply.of({"errors": [error]})
        path = ["repository", "pullRequests", "nodes", 0]
        data: dict[str, Any] = {
            "repository": {
                "nameWithOwner": self.world.slug,
                "pullRequests": {
                    "totalCount": 1,
                    "pageInfo": {"hasNextPage": False, "endCursor": None},
                    "nodes": [None],
                },
            },
            "node": None,
        }
        error = {
            "row-missing": {"message": "Something went wrong", "path": path},
            "too-much": {"type": "RESOURCE_LIMITS_EXCEEDED", "message": "too much", "path": path},
            "gave-up": {"message": "Something went wrong while executing your query."},
        }[kind]
        return Reply.of({"data": data if kind != "gave-up" else None, "errors": [error]})

    def limit_headers(self, token: str | None) -> dict[str, str]:
        return {} if self.answers_without_limits else super().limit_headers(token)

    def reply(self, asked: Asked) -> Reply:
        if asked.path != "/api/graphql" or asked.method != "POST":
            return Reply.of({"message": "Not Found"}, 404)
        if asked.token is None:
            return Reply.of({"message": "This endpoint requires you to be authenticated."}, 401)
        told = json.loads(asked.body)
        self.between(len(self.asked) - 1)
        size = told["variables"].get("size", 0) if "pullRequests" in told["query"] else 0
        if self.heavy is not None and size > self.heavy:
            return Reply(502, b"")
        is_more = self.heavy_more is not None and "More" in told["query"]
        if is_more and told["variables"]["size"] > self.heavy_more:
            return Reply(502, b"")
        try:
            document = checked(told["query"])
        except GraphQLError as error:
            problem = {"message": error.message, "extensions": {"code": "undefinedField"}}
            return Reply.of({"errors": [problem]})
        done = execute_sync(
            schema(), document, self._root(asked), variable_values=told["variables"]
        )
        answer: dict[str, Any] = {"data": done.data}
        if self.poison is not None and self._is_whole(done.data):
            return Reply(502, b"")
        if done.errors:
            answer["errors"] = [self._error(error) for error in done.errors]
        return Reply.of(answer)

    def _is_whole(self, data: Any) -> bool:
        """Whether the pull request that cannot be given whole is."""
        listed = ((data or {}).get("repository") or {}).get("pullRequests") or {}
        pulls = listed.get("nodes") or []
        return any(pull["number"] == self.poison and "reviews" in pull for pull in pulls)

    def _error(self, error: GraphQLError) -> dict[str, Any]:
        kind = (error.extensions or {}).get("type")
        assert kind is not None, error
        return {"type": kind, "message": error.message, "path": error.path}

    def _root(self, asked: Asked) -> dict[str, Any]:
        return {
            "rateLimit": lambda _info, **_: (
                None
                if self.answers_without_limits
                else {
                    "cost": self.points(asked),
                    "remaining": self.remaining[asked.token],
                    "resetAt": _time(datetime.fromtimestamp(self.reset, UTC)),
                }
            ),
            "repository": self._repository,
            "node": lambda _info, id: self._node(id),
            "search": lambda _info, query, **_: {"issueCount": self._found(query)},
        }

    def _repository(self, _info: Any, owner: str, name: str, **_: Any) -> Any:
        if self.private or f"{owner}/{name}".lower() not in (self.world.slug, "acme/old-harbour"):
            raise GraphQLError(
                f"Could not resolve to a Repository with the name '{owner}/{name}'.",
                extensions={"type": "NOT_FOUND"},
            )
        pulls = self.world.newest_first()
        keys = [f"{_time(pull.updated)}/{pull.number}" for pull in pulls]

        def pull_requests(info: Any, orderBy: Any, after: str | None = None, **rest: Any) -> Any:
            assert orderBy == {"field": "UPDATED_AT", "direction": "DESC"}
            if self.cursors == "offset":
                return connection(pulls, self._pull)(info, after=after, **rest)
            begin = 0
            if after is not None:  # what comes after a key, also where that row has moved
                key = base64.b64decode(after).decode().removeprefix("cursor:v2:")
                when, _, number = key.rpartition("/")
                begin = sum(
                    (_time(p.updated) or "", p.number) >= (when, int(number)) for p in pulls
                )
            later = connection(pulls[begin:], self._pull, lambda i: keys[begin + i])(info, **rest)
            return {**later, "totalCount": len(pulls)}

        def counted(info: Any, orderBy: Any = None, **rest: Any) -> Any:
            if orderBy is None:
                return connection(pulls, self._pull)(info, **rest)
            return pull_requests(info, orderBy, **rest)

        return {"nameWithOwner": self.world.slug, "pullRequests": counted}

    def _found(self, query: str) -> int:
        since = query.rpartition("updated:>=")[2]
        return sum((_time(pull.updated) or "") >= since for pull in self.world.pulls.values())

    def _node(self, node_id: str) -> Any:
        return self._pull(self.world.pulls[int(node_id.removeprefix("PR_"))])

    def _pull(self, pull: Pull) -> dict[str, Any]:
        return {
            "__typename": "PullRequest",
            "id": f"PR_{pull.number}",
            "number": pull.number,
            "url": f"https://forge.example/{self.world.slug}/pull/{pull.number}",
            "title": pull.title,
            "body": pull.body,
            "state": pull.state.upper(),
            "isDraft": pull.draft,
            "locked": False,
            "author": _actor(pull.author),
            "authorAssociation": "MEMBER" if pull.author else "NONE",
            "createdAt": _time(pull.created),
            "updatedAt": _time(pull.updated),
            "closedAt": _time(pull.closed),
            "mergedAt": _time(pull.merged),
            "mergedBy": _actor(pull.merged_by),
            "mergeCommit": {"oid": pull.merge_commit} if pull.merge_commit else None,
            "headRefOid": NEW_HEAD if pull.number == self.replaced else pull.head,
            "headRefName": f"topic-{pull.number}",
            "headRepository": (
                {"nameWithOwner": pull.head_repository} if pull.head_repository else None
            ),
            "baseRefName": "main",
            "baseRefOid": "0" * 40,
            "additions": pull.number,
            "deletions": 0,
            "changedFiles": 1,
            "comments": connection(range(pull.comments), lambda _: {}),
            "commits": connection(pull.commits, lambda commit: self._commit(pull, commit)),
            "reviews": connection(pull.reviews, self._review),
            "labels": connection(pull.labels, lambda name: {"name": name}),
            "closingIssuesReferences": connection(pull.closing, self._issue),
            "reviewThreads": connection(pull.threads, lambda done: {"isResolved": done}),
        }

    def _issue(self, number: int) -> dict[str, Any]:
        where = self.world.slug if number < 908 else "acme/elsewhere"
        return {"number": number, "repository": {"nameWithOwner": where}}

    def _commit(self, pull: Pull, commit: tuple[str, Account | None]) -> dict[str, Any]:
        oid, account = commit

        def rollup(_info: Any) -> Any:
            if pull.checks == "refused":
                raise GraphQLError(
                    "Resource not accessible by personal access token",
                    extensions={"type": "FORBIDDEN"},
                )
            return {"state": _ROLLUP[pull.checks]} if pull.checks else None

        author = {"user": {"login": account.login} if account else None}
        return {"commit": {"oid": oid, "author": author, "statusCheckRollup": rollup}}

    def _review(self, review: Review) -> dict[str, Any]:
        return {
            "id": f"PRR_{review.number}",
            "state": review.state.upper(),
            "submittedAt": _time(review.at),
            "author": _actor(review.reviewer),
            "comments": connection(range(review.comments), lambda _: {}),
        }
