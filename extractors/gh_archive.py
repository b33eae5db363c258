"""Hours of GH Archive: one event of GitHub's public feed a line.

Two generations of payload. Until 2025-10-07 a `PullRequestEvent` held the whole pull request.
Since then GitHub trims it to `url`, `id`, `number`, `head` and `base`; what happened is told by
the action, when by the event, and who opened or merged it by the actor. (GitHub changelog,
2025-08-08, "Upcoming changes to GitHub Events API payloads".)
"""

import json
import zlib
from collections.abc import Mapping, Set
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl

from quarterdeck.extractors import forge_values as values
from quarterdeck.extractors.errors import ForgeFileError
from quarterdeck.extractors.forge_frames import ForgeFrames
from quarterdeck.extractors.forge_rows import open_text
from quarterdeck.extractors.forge_schemas import FORGE_PULL_REQUESTS, FORGE_REVIEWS
from quarterdeck.extractors.forge_tables import FileTold, TableSpec
from quarterdeck.extractors.forge_values import Troubles

SOURCE = "gh-archive"
_EVENTS = ("PullRequestEvent", "PullRequestReviewEvent")
_COUNTS = {
    "added": "additions",
    "deleted": "deletions",
    "changed_files": "changed_files",
    "comments": "comments",
}
Json = Mapping[str, Any]


def read_gh_archive(path: Path, spec: TableSpec, wanted: Set[str] | None) -> FileTold:
    """Read the pull requests and reviews of one hour.

    Args:
        path: the file, gzipped or not.
        spec: of its settings `repositories` counts.
        wanted: names (owner/name, lower case) of the repositories to keep, or the name of an
            owner with a slash at its end; None: all.

    Returns:
        one row per event; `fetched_at` is the time of the event.

    Raises:
        ForgeFileError: the file cannot be read.
    """
    troubles, rows = Troubles(), 0
    pulls: list[dict[str, Any]] = []
    reviews: list[dict[str, Any]] = []
    tells_merges = False
    try:
        with open_text(path) as text:
            for number, line in enumerate(text, start=1):
                if not any(name in line for name in _EVENTS):
                    continue  # most lines: parsing them all takes ten times as long
                where = f"line {number}"
                event = _parsed(line, where, troubles)
                if event is None or event.get("type") not in _EVENTS:
                    continue
                rows += 1
                try:
                    tells_merges = tells_merges or _is_trimmed_merge(event)
                    if not _is_wanted(event, wanted):
                        continue
                    if event["type"] == "PullRequestEvent":
                        pulls.append(_fitting(_pull_request(event, spec), FORGE_PULL_REQUESTS))
                    else:
                        reviews.append(_fitting(_review(event, spec), FORGE_REVIEWS))
                except (KeyError, TypeError, ValueError, AttributeError) as error:
                    troubles.add("events of an unknown shape, left out", where, str(error))
    except OSError as error:
        raise ForgeFileError(
            f"{path}: cannot be read: {error.strerror or error}; fetch it again, or make it "
            "readable"
        ) from error
    except (EOFError, zlib.error) as error:
        raise ForgeFileError(f"{path}: it ends early ({error}); fetch it again") from error
    _settle_closed(pulls, tells_merges=tells_merges)
    return FileTold(ForgeFrames.from_rows(_last(pulls), (), _last(reviews)), rows, troubles)


def _fitting(row: dict[str, Any], schema: pl.Schema) -> dict[str, Any]:
    """A row whose values are of the kinds of its columns.

    Raises:
        TypeError: one is not.
    """
    for name, value in row.items():
        kind = schema[name].to_python()
        if value is not None and type(value) is not kind:
            raise TypeError(f"{name} is {value!r}")
    return row


def _parsed(line: str, where: str, troubles: Troubles) -> Json | None:
    try:
        event = json.loads(line)
    except (ValueError, RecursionError):
        troubles.add("lines that are no JSON, left out", where)
        return None
    return event if isinstance(event, dict) else None


def _is_wanted(event: Json, wanted: Set[str] | None) -> bool:
    name = _name(event).lower()
    return wanted is None or name in wanted or f"{name.partition('/')[0]}/" in wanted


def _name(event: Json) -> str:
    """The repository's name; from March 2012 to 2014 the archive wrote it in two parts."""
    if "repo" in event:
        return str(event["repo"]["name"])
    return f"{event['repository']['owner']}/{event['repository']['name']}"


def _key(event: Json, spec: TableSpec) -> dict[str, Any]:
    name = _name(event)
    return {
        "repository_id": spec.repositories.get(name, name),
        "fetched_at": _required_time(event["created_at"]),
    }


def _required_time(value: Any) -> datetime:
    found = values.time(value)
    if found is None:
        raise ValueError("an event without a time")
    return found


def _required_number(value: Any) -> int:
    found = values.reference(value)
    if found is None:
        raise ValueError("no number")
    return found


def _pull_request(event: Json, spec: TableSpec) -> dict[str, Any]:
    payload = event["payload"]
    told = payload["pull_request"]
    row = _key(event, spec) | {
        "number": _required_number(payload.get("number") or told["number"]),
        "source": SOURCE,
        "forge_id": values.plain_text(told.get("id")),
        "head_commit_id": told["head"].get("sha"),
        "head_branch": told["head"].get("ref"),
        "head_repository": _repository(told["head"].get("repo")),
        "base_branch": told["base"].get("ref"),
        "base_commit_id": told["base"].get("sha"),
    }
    return row | (_whole(told) if "state" in told else _trimmed(event))


def _repository(repository: Json | None) -> str | None:
    if not repository:
        return None  # a fork that is gone
    return repository.get("full_name") or values.repository_name(repository.get("url"))


def _whole(told: Json) -> dict[str, Any]:
    """What only the payload until October 2025 holds."""
    user = told.get("user") or {}
    merged = told.get("merged_at") or told.get("merged")
    return {
        "url": told.get("html_url"),
        "title": told.get("title"),
        "body": told.get("body"),
        "state": "merged" if merged else values.state(told["state"]),
        "is_draft": told.get("draft"),
        "author_login": user.get("login"),
        "author_id": values.plain_text(user.get("id")),
        "author_is_bot": user.get("type") == "Bot" if user.get("type") else None,
        "author_association": told.get("author_association"),
        "created_at": values.time(told.get("created_at")),
        "updated_at": values.time(told.get("updated_at")),
        "closed_at": values.time(told.get("closed_at")),
        "merged_at": values.time(told.get("merged_at")),
        "merged_by_login": (told.get("merged_by") or {}).get("login"),
        "merge_commit_id": told.get("merge_commit_sha") if merged else None,
        "labels": values.texts(told["labels"]) if "labels" in told else None,
        **{name: values.count(told.get(theirs)) for name, theirs in _COUNTS.items()},
    }


def _trimmed(event: Json) -> dict[str, Any]:
    """What the action, the time and the actor tell since October 2025."""
    action, at = event["payload"]["action"], _required_time(event["created_at"])
    actor = event.get("actor") or {}
    login = actor.get("login")
    if action == "opened":
        return {
            "state": "open",
            "created_at": at,
            "updated_at": at,
            "author_login": login,
            "author_id": values.plain_text(actor.get("id")),
            "author_is_bot": True if (login or "").endswith("[bot]") else None,
        }
    if action == "merged":
        return {
            "state": "merged",
            "updated_at": at,
            "closed_at": at,
            "merged_at": at,
            "merged_by_login": login,
        }
    if action == "closed":
        return {"state": None, "updated_at": at, "closed_at": at}
    return {"state": "open" if action == "reopened" else None, "updated_at": at}


def _is_trimmed_merge(event: Json) -> bool:
    payload = event.get("payload") or {}
    return payload.get("action") == "merged" and "state" not in (payload.get("pull_request") or {})


def _settle_closed(pulls: list[dict[str, Any]], *, tells_merges: bool) -> None:
    """Trimmed `closed` means not merged only where the feed tells merges by themselves."""
    for pull in pulls:
        if tells_merges and pull["state"] is None and pull.get("closed_at") is not None:
            pull["state"] = "closed"


def _review(event: Json, spec: TableSpec) -> dict[str, Any]:
    payload = event["payload"]
    review = payload["review"]
    user = review.get("user") or event.get("actor") or {}
    login = user.get("login")
    is_bot = user.get("type") == "Bot" or (login or "").endswith("[bot]")
    return _key(event, spec) | {
        "number": _required_number(payload["pull_request"]["number"]),
        "review_id": str(review["id"]),
        "reviewer_login": login,
        "reviewer_is_bot": True if is_bot else (False if user.get("type") else None),
        "state": values.review_state(review.get("state")),
        "submitted_at": values.time(review.get("submitted_at"))
        or _required_time(event["created_at"]),
    }


def _last(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The feed repeats events, and tells several in one second: the last counts."""
    kept: dict[tuple[Any, ...], dict[str, Any]] = {}
    for row in rows:
        key = (row["repository_id"], row["number"], row.get("review_id"), row["fetched_at"])
        known = {name: value for name, value in row.items() if value is not None}
        kept[key] = kept.get(key, {}) | known
    return list(kept.values())
