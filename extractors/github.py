"""Pull requests from GitHub, of github.com and of Enterprise, by its GraphQL API."""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from quarterdeck.extractors import github_queries as queries
from quarterdeck.extractors.forge_answers import Asker, KeptAnswers, answer_row
from quarterdeck.extractors.forge_errors import (
    ForgeAccessError,
    ForgeAnswerError,
    ForgeNotFoundError,
    ForgeUnavailableError,
    LimitedError,
    TransientError,
)
from quarterdeck.extractors.forge_frames import ForgeFrames
from quarterdeck.extractors.forge_messages import Answer
from quarterdeck.extractors.forge_pages import (
    Estimate,
    Listed,
    LostPositionError,
    NewestFirst,
    Page,
    Progress,
    moment,
)
from quarterdeck.extractors.github_reading import (
    commit_rows,
    pull_request_row,
    review_rows,
    updated_at,
)

_PASSING = re.compile(r"something went wrong|time[d]?[ -]?out|try again|couldn't respond", re.I)
_SECONDARY = re.compile(r"secondary rate limit|abuse detection", re.I)
_TOO_MUCH = {"RESOURCE_LIMITS_EXCEEDED", "MAX_NODE_LIMIT_EXCEEDED", "INTERNAL", "TIMEOUT"}
_LIMITS = {"RATE_LIMITED", "RATE_LIMIT"}
_REFUSALS = {"FORBIDDEN", "INSUFFICIENT_SCOPES", "UNAUTHORIZED"}
#: Pages of a size that went well before a larger one is tried again.
_GROW_AFTER = 10
#: Measured on github.com elsewhere and not here: what a page takes, for estimates.
_SECONDS_A_PAGE = 3.0


def api_url(base_url: str) -> str:
    """Where the GraphQL API is: of github.com, of a data-residency host, or of Enterprise."""
    parts = urlsplit(base_url)
    host = parts.hostname or ""
    if host == "github.com" or host.endswith(".ghe.com"):
        return f"https://api.{host}/graphql"
    return f"{base_url.rstrip('/')}/api/graphql"


@dataclass
class GitHub:
    """The pull requests of one repository.

    Args:
        client: whose base URL is the GraphQL address.
        slug: owner/name.
        repository_id: the repository's name in the lake.
        sizes: of a page of pull requests, from large to small.
    """

    client: Asker
    slug: str
    repository_id: str
    sizes: Sequence[int] = queries.PAGE_SIZES
    source: str = "github"
    _at_size: int = 0
    _well: int = 0
    _answers: list[Answer] = field(default_factory=list)
    _warnings: list[str] = field(default_factory=list)
    _cut: set[str] = field(default_factory=set)  # inner connections that ended early

    def pages(self, state: Mapping[str, object] | None) -> Iterator[Page]:
        """All that changed since the state, newest first.

        Raises:
            ForgeError: a subclass says what is wrong; pages before it can be kept.
        """
        progress = Progress.of(state, f"{self.client.base_url} {self.slug}")
        yield from NewestFirst(self._page, progress).pages()

    def estimate(self, state: Mapping[str, object] | None) -> Estimate:
        """What `pages` would take; asks one question, or two after a first run.

        Raises:
            ForgeError: a subclass says what is wrong.
        """
        try:
            return self._estimate(Progress.of(state, f"{self.client.base_url} {self.slug}"))
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise self._no_sense(f"an answer of another form ({error!r})") from error

    def _estimate(self, progress: Progress) -> Estimate:
        data = self._ask(queries.COUNT, self._names(), "Count")
        count = int(data["repository"]["pullRequests"]["totalCount"])
        if progress.since is not None and progress.position is None:
            name = data["repository"]["nameWithOwner"]
            search = f"repo:{name} is:pr updated:>={progress.since:%Y-%m-%dT%H:%M:%SZ}"
            data = self._ask(queries.COUNT_SINCE, {"search": search}, "CountSince")
            count = int(data["search"]["issueCount"])
        self._answers.clear()
        size = self.sizes[0]
        pages = max(1, -(-count // size))
        remaining = (data.get("rateLimit") or {}).get("remaining")
        return Estimate(
            count, pages, pages * queries.page_points(size), pages * _SECONDS_A_PAGE, remaining
        )

    def _page(self, after: str | None) -> Listed:
        """One page of pull requests, each with its inner connections whole."""
        try:
            return self._read_page(after)
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise self._no_sense(f"an answer of another form ({error!r})") from error

    def _read_page(self, after: str | None) -> Listed:
        data, refused = self._sized_page(after)
        connection = data["repository"]["pullRequests"]
        name = data["repository"]["nameWithOwner"]
        if name.lower() != self.slug.lower() and after is None:
            self._warnings.append(f"{self.slug} is called {name} now")
        pulls: list[dict[str, Any]] = []
        commits: list[dict[str, Any]] = []
        reviews: list[dict[str, Any]] = []
        times: list[datetime] = []
        unread: list[int] = []
        for position, node in enumerate(connection["nodes"]):
            if node is None:
                self._warnings.append("a pull request that the token may not read was left out")
                continue
            self._cut.clear()
            inner = {key: self._whole(node, key) for key in queries.MORE}
            fields = refused.get(position, frozenset())
            pulls.append(pull_request_row(node, inner, fields, name))
            commits += commit_rows(node["number"], inner["commits"])
            reviews += review_rows(node["number"], inner["reviews"])
            is_cut = inner["reviews"] is None or None in inner["reviews"] or "reviews" in self._cut
            unread += [node["number"]] if is_cut else []
            times.append(updated_at(node))
        info = connection["pageInfo"]
        return Listed(
            self._frames(pulls, commits, reviews, unread),
            tuple(times),
            info["endCursor"] if info["hasNextPage"] else None,
            connection["totalCount"],
            self._taken_warnings(),
        )

    def _frames(
        self, pulls: list[Any], commits: list[Any], reviews: list[Any], unread: list[int]
    ) -> ForgeFrames:
        at = self._answers[-1].at
        shared = {"repository_id": self.repository_id, "fetched_at": at}
        answers = [answer_row(answer, self.repository_id, self.source) for answer in self._answers]
        self._answers.clear()
        return ForgeFrames.from_rows(
            [{**row, **shared, "source": self.source} for row in pulls],
            [{**row, **shared} for row in commits],
            [{**row, **shared} for row in reviews],
            answers,
            unread,
        )

    def _taken_warnings(self) -> tuple[str, ...]:
        taken = tuple(self._warnings)
        self._warnings.clear()
        return taken

    def _sized_page(self, after: str | None) -> tuple[Any, dict[int, frozenset[str]]]:
        """A page, of a smaller size where GitHub gives up on the larger one."""
        while True:
            size = self.sizes[self._at_size]
            is_least = self._at_size == len(self.sizes) - 1
            variables = {**self._names(), "size": size, "after": after}
            try:
                data = self._ask(
                    queries.PULL_REQUESTS,
                    variables,
                    "PullRequests",
                    attempts=None if is_least else 2,
                    points=queries.page_points(size),
                )
            except ForgeUnavailableError:
                if is_least:
                    return self._lean_page(variables), {}
                self._at_size, self._well = self._at_size + 1, 0
                continue
            self._well += 1
            if self._well >= _GROW_AFTER and self._at_size:
                self._at_size, self._well = self._at_size - 1, 0
            return data, _refused_fields(json.loads(self._answers[-1].content))

    def _lean_page(self, variables: Mapping[str, Any]) -> Any:
        """A page that GitHub does not give whole; its inner connections are asked for after it."""
        data = self._ask(queries.LEAN_PULL_REQUESTS, variables, "LeanPullRequests")
        for node in filter(None, data["repository"]["pullRequests"]["nodes"]):
            to_come = {"nodes": [], "pageInfo": {"hasNextPage": True, "endCursor": None}}
            node |= dict.fromkeys(queries.MORE, to_come) | {"head": None}
            self._warnings.append(
                f"pull request {node['number']}: read part by part, without its checks"
            )
        return data

    def _whole(self, node: Mapping[str, Any], name: str) -> list[Any] | None:
        """An inner connection, paged to its end; None where the forge gave none."""
        connection = node[name]
        if connection is None:
            return None
        found = list(connection["nodes"])
        while connection["pageInfo"]["hasNextPage"]:
            try:
                data = self._more(node["id"], name, connection["pageInfo"]["endCursor"])
            except ForgeUnavailableError as error:
                if not error.is_answered:
                    raise
                self._ask(queries.COUNT, self._names(), "Count")  # down altogether?
                data = {"node": None}
            connection = (data["node"] or {}).get(name)
            if connection is None:
                self._warnings.append(f"pull request {node['number']}: the rest of {name} is gone")
                self._cut.add(name)
                break
            found += connection["nodes"]
        return found

    def _more(self, node_id: str, name: str, after: str | None) -> Any:
        """A further page of an inner connection, of a smaller size where GitHub gives up."""
        for size in queries.MORE_SIZES[:-1]:
            variables = {"id": node_id, "size": size, "after": after}
            try:
                return self._ask(queries.MORE[name], variables, f"More {name}", attempts=2)
            except ForgeUnavailableError:
                continue
        variables = {"id": node_id, "size": queries.MORE_SIZES[-1], "after": after}
        return self._ask(queries.MORE[name], variables, f"More {name}")

    def _names(self) -> dict[str, Any]:
        owner, _, name = self.slug.partition("/")
        return {"owner": owner, "name": name}

    def _ask(
        self,
        query: str,
        variables: Mapping[str, Any],
        what: str,
        attempts: int | None = None,
        points: int = 1,
    ) -> Any:
        label = json.dumps({"query": what, "variables": variables}, sort_keys=True)
        payload = {"query": query, "variables": variables}
        answer = self.client.post("", payload, label, attempts, points, self._checker(variables))
        self._answers.append(answer)
        return answer.json["data"]

    def _checker(self, variables: Mapping[str, Any]) -> Callable[[Any], None]:
        def check(answer: Any) -> None:
            if not isinstance(answer, dict):
                raise TransientError("an answer that is no object")
            limit = (answer.get("data") or {}).get("rateLimit")
            if limit:
                reset = moment(limit["resetAt"])
                assert reset is not None
                self.client.spent(limit["cost"], limit["remaining"], reset.timestamp())
            for error in answer.get("errors") or ():
                self._refuse(error, answer.get("data"), bool(variables.get("after")))
            data = answer.get("data")
            if not data:
                said = str(answer.get("message") or "")
                if _SECONDARY.search(said):  # it may come with the status 200
                    raise LimitedError
                raise self._no_sense(f"an answer without data {said}".strip())
            if "repository" in data and data["repository"] is None:
                raise ForgeNotFoundError(
                    f"{self.client.base_url}: {self.slug}: no such repository; check the slug, and "
                    "whether the token may see it"
                )

        return check

    def _refuse(self, error: Mapping[str, Any], data: Any, has_cursor: bool) -> None:
        """Raise for an error that leaves nothing to use; others leave NULL where they say."""
        kind = str(error.get("type") or (error.get("extensions") or {}).get("code") or "")
        said = " ".join(str(error.get("message", "no message")).split())[:200]
        path = error.get("path") or []
        where = f"{self.client.base_url}: {self.slug}: {said}"
        if kind in _LIMITS:
            raise LimitedError
        if _SECONDARY.search(said):
            raise LimitedError
        if kind in _TOO_MUCH or (not kind and _PASSING.search(said)):
            raise TransientError(said, is_answered=True)
        if kind == "INVALID_CURSOR_ARGUMENTS" and has_cursor:
            raise LostPositionError
        is_whole = len(path) <= 2
        if len(path) == 4 and kind not in _REFUSALS and kind != "NOT_FOUND":
            raise TransientError(said)  # a pull request is missing in the page
        if kind == "NOT_FOUND" and path == ["repository"]:
            raise ForgeNotFoundError(
                f"{where}; check the slug, and whether the token may see the repository"
            )
        if is_whole and (kind in _REFUSALS or (error.get("extensions") or {}).get("saml_failure")):
            raise ForgeAccessError(
                f"{where}; give the token the right to read this repository's pull requests, and "
                "authorise it for the organisation's single sign-on"
            )
        if data is None:
            raise self._no_sense(said)

    def _no_sense(self, said: str) -> ForgeAnswerError:
        return ForgeAnswerError(
            f"{self.client.base_url}: {self.slug}: {said}; is base_url right, and this a GitHub "
            "(Enterprise 3.9 or later)?"
        )


def read_kept(kept: KeptAnswers, repository_id: str) -> ForgeFrames:
    """What the answers of one page come to.

    Raises:
        ForgeError: they do not tell.
    """
    asked = json.loads(kept.last(r'.*"query": "(?:Lean)?PullRequests".*')[0])["variables"]
    slug = f"{asked['owner']}/{asked['name']}"
    return GitHub(kept, slug, repository_id, sizes=(1,))._page(asked["after"]).frames


def _refused_fields(answer: Mapping[str, Any]) -> dict[int, frozenset[str]]:
    """Fields that errors left NULL, by the position of their pull request in the page."""
    found: dict[int, set[str]] = {}
    for error in answer.get("errors") or ():
        path = error.get("path") or []
        if path[:3] == ["repository", "pullRequests", "nodes"] and len(path) > 4:
            found.setdefault(path[3], set()).update(map(str, path[4:]))
    return {position: frozenset(names) for position, names in found.items()}
