"""What GitHub's client prints, and hours of GH Archive of both generations."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from test_forge_files import AS_OF, at, event, hour, rows

from quarterdeck.extractors.errors import ForgeFileError
from quarterdeck.extractors.forge_tables import FileTold, TableSpec
from quarterdeck.extractors.gh_archive import read_gh_archive
from quarterdeck.extractors.gh_json import read_gh_json

GH = [
    {
        "number": 12,
        "url": "https://github.com/harbour/api/pull/12",
        "id": "PR_kwDO12",
        "title": "Count boats",
        "state": "MERGED",
        "isDraft": False,
        "author": {"id": "U_1", "is_bot": False, "login": "ada", "name": "Ada Ruiz"},
        "createdAt": "2026-01-05T08:00:00Z",
        "updatedAt": "2026-01-06T08:00:00Z",
        "closedAt": "2026-01-06T08:00:00Z",
        "mergedAt": "2026-01-06T08:00:00Z",
        "mergedBy": {"login": "ben"},
        "mergeCommit": {"oid": "A" * 40},
        "headRefName": "count",
        "headRefOid": "b" * 40,
        "headRepository": {"id": "R_1", "name": "api"},
        "headRepositoryOwner": {"id": "U_1", "login": "ada"},
        "baseRefName": "main",
        "labels": [{"id": "L", "name": "feature", "color": "00ff00"}],
        "closingIssuesReferences": [
            {"number": 3, "url": "https://github.com/Harbour/API/issues/3"},
            {"number": 8, "url": "https://github.com/harbour/web/issues/8"},
        ],
        "additions": 10,
        "deletions": 2,
        "changedFiles": 1,
        "comments": [{"id": "C"}],
        "commits": [{"oid": "b" * 40, "authors": [{"login": "ada"}], "messageHeadline": "Count"}],
        "reviews": [
            {"id": "PRR_1", "author": {"login": "ben"}, "state": "APPROVED",
             "submittedAt": "2026-01-05T09:00:00Z"},
        ],
        "statusCheckRollup": [{"conclusion": "SUCCESS"}, {"conclusion": "FAILURE"}],
    },
    {
        "number": 13,
        "url": "https://github.com/harbour/api/pull/13",
        "state": "OPEN",
        "author": {"is_bot": True, "login": "app/dependabot"},
        "createdAt": "2026-01-07T08:00:00Z",
        "mergeCommit": None,
        "closedAt": None,
        "commits": [{"oid": f"{n:040x}", "authors": []} for n in range(100)],
    },
]  # fmt: skip


def test_what_gh_prints(tmp_path: Path) -> None:
    path = tmp_path / "pulls.json"
    path.write_text(json.dumps(GH))
    found = read_gh_json(path, TableSpec(str(path)), AS_OF)
    first, second = found.frames.pull_requests.rows(named=True)
    shown = {
        "repository_id": "harbour/api",
        "number": 12,
        "source": "gh-json",
        "state": "merged",
        "author_login": "ada",
        "author_is_bot": False,
        "merged_by_login": "ben",
        "merge_commit_id": "a" * 40,
        "head_repository": "ada/api",
        "labels": ["feature"],
        "closing_issues": [3],
        "comments": 1,
        "checks": "failure",
        "merged_at": at(2026, 1, 6, 8),
    }
    assert {name: first[name] for name in shown} == shown
    assert (second["author_login"], second["author_is_bot"]) == ("dependabot[bot]", True)
    # what was not asked for is not known
    assert [second[n] for n in ("checks", "labels", "comments", "title")] == [None] * 4
    assert rows(found.frames.commits, "number", "commit_id", "position", "author_login") == [
        (12, "b" * 40, 0, "ada")
    ]
    assert rows(found.frames.reviews, "number", "reviewer_login", "state") == [
        (12, "ben", "approved")
    ]
    assert list(found.troubles.found) == ["lists of commits that gh may have cut off, left out"]
    path.write_text(json.dumps([{"number": 1}]))
    with pytest.raises(ForgeFileError, match="does not tell the repository"):
        read_gh_json(path, TableSpec(str(path)), AS_OF)


def archive(path: Path, wanted: frozenset[str] | None = frozenset({"harbour/api"})) -> FileTold:
    return read_gh_archive(path, TableSpec(str(path)), wanted)


def test_an_hour_before_october_2025(tmp_path: Path) -> None:
    whole = {
        "state": "closed",
        "merged": True,
        "user": {"login": "ada", "id": 7, "type": "User"},
        "created_at": "2025-03-01T08:00:00Z",
        "closed_at": "2025-03-02T08:00:00Z",
        "merged_at": "2025-03-02T08:00:00Z",
        "merge_commit_sha": "c" * 40,
        "draft": False,
        "labels": [{"name": "feature"}],
        "additions": 10,
    }
    review = {
        "type": "PullRequestReviewEvent",
        "actor": {"id": 8, "login": "ben"},
        "repo": {"name": "Harbour/API"},
        "created_at": "2025-03-02T07:00:00Z",
        "payload": {
            "action": "created",
            "review": {"id": 5, "user": {"login": "ben", "type": "User"}, "state": "approved"},
            "pull_request": {"number": 12},
        },
    }
    elsewhere = event("opened", "2025-03-02T08:00:00Z", **whole) | {"repo": {"name": "other/one"}}
    path = hour(
        tmp_path / "2025-03-02-8.json.gz",
        {"type": "PushEvent", "payload": {"ref": "main"}},
        event("closed", "2025-03-02T08:00:01Z", "ben", **whole),
        review,
        elsewhere,
        '{"type": "PullRequestEvent", "broken',
        {"type": "PullRequestEvent", "repo": {"name": "harbour/api"}, "payload": {}},
    )
    found = archive(path)
    (row,) = found.frames.pull_requests.rows(named=True)
    shown = {
        "repository_id": "Harbour/API",
        "state": "merged",
        "author_login": "ada",
        "author_is_bot": False,
        "created_at": at(2025, 3, 1, 8),
        "merged_at": at(2025, 3, 2, 8),
        "merge_commit_id": "c" * 40,
        "fetched_at": datetime(2025, 3, 2, 8, 0, 1, tzinfo=UTC),
        "head_branch": "count",
        "head_repository": "Harbour/API",
    }
    assert {name: row[name] for name in shown} == shown
    assert rows(found.frames.reviews, "number", "reviewer_login", "submitted_at") == [
        (12, "ben", at(2025, 3, 2, 7))
    ]
    assert sorted(found.troubles.found) == [
        "events of an unknown shape, left out",
        "lines that are no JSON, left out",
    ]
    assert archive(path, None).frames.pull_requests.height == 2
    assert archive(path, frozenset({"other/"})).frames.pull_requests.height == 1


def test_an_hour_of_2013_names_the_repository_in_two_parts(tmp_path: Path) -> None:
    pull = {"state": "closed", "merged_at": "2013-03-02T08:00:00Z", "user": {"login": "ada"}}
    new = event("closed", "2013-03-02T00:00:01-08:00", **pull)
    old = {name: value for name, value in new.items() if name != "repo"} | {
        "actor": "ben",
        "repository": {"owner": "Harbour", "name": "API", "url": "https://github.com/Harbour/API"},
    }
    nameless = {name: value for name, value in old.items() if name != "repository"}
    found = archive(hour(tmp_path / "2013-03-02-8.json.gz", old, nameless))
    assert rows(found.frames.pull_requests, "repository_id", "number", "state", "fetched_at") == [
        ("Harbour/API", 12, "merged", at(2013, 3, 2, 8, 0, 1))
    ]
    assert found.troubles.found["events of an unknown shape, left out"][0] == 1


def test_hours_since_october_2025(tmp_path: Path) -> None:
    opened = event("opened", "2025-11-01T08:00:00Z")
    merged = event("merged", "2025-11-02T08:00:00Z", "ben")
    closed = event("closed", "2025-11-02T09:00:00Z", "ben")
    found = archive(hour(tmp_path / "a.json.gz", opened, merged)).frames.pull_requests
    assert rows(found, "state", "created_at", "merged_at", "author_login", "merged_by_login") == [
        ("open", at(2025, 11, 1, 8), None, "ada", None),
        ("merged", None, at(2025, 11, 2, 8), None, "ben"),
    ]
    # closed by a merge or without one? Only a feed that tells merges by themselves says
    alone = archive(hour(tmp_path / "b.json.gz", closed)).frames.pull_requests
    assert rows(alone, "state", "closed_at") == [(None, at(2025, 11, 2, 9))]
    elsewhere = merged | {"repo": {"name": "other/one"}}
    beside = archive(hour(tmp_path / "c.json.gz", elsewhere, closed)).frames.pull_requests
    assert rows(beside, "state") == [("closed",)]


@pytest.mark.parametrize("spoil", ["cut", "flipped"])
def test_an_hour_that_did_not_arrive_whole_is_told(tmp_path: Path, spoil: str) -> None:
    events = [event("opened", f"2025-11-01T08:00:{second:02}Z") for second in range(50)]
    path = hour(tmp_path / "a.json.gz", *events)
    packed = bytearray(path.read_bytes())
    if spoil == "flipped":
        packed[len(packed) // 2] ^= 0xFF
    path.write_bytes(packed if spoil == "flipped" else packed[:-20])
    with pytest.raises(ForgeFileError, match="fetch it again"):
        archive(path)


@pytest.mark.parametrize(
    "spoiled",
    [
        {"repo": "harbour/api"},
        {"payload": ["PullRequestEvent"]},
        {"payload": {"action": "opened", "number": 1e400, "pull_request": {}}},
        {"created_at": 1e400},
        {"actor": {"login": 7}},
        {"actor": "ada"},
    ],
)
def test_an_event_of_an_unknown_shape_takes_no_other_along(
    tmp_path: Path, spoiled: dict[str, object]
) -> None:
    good = event("opened", "2025-11-01T08:00:00Z")
    deep = '["PullRequestEvent",' + "[" * 100_000
    found = archive(hour(tmp_path / "a.json.gz", deep, good | spoiled, good), None)
    assert found.kept == 1
    assert found.troubles.found["events of an unknown shape, left out"][0] == 1
    assert found.troubles.found["lines that are no JSON, left out"][0] == 1


def test_what_gh_leaves_out_or_nulls_is_null(tmp_path: Path) -> None:
    nulls = dict.fromkeys(GH[0])
    odd = {
        "closingIssuesReferences": [None, {}, {"number": 3}],
        "commits": [None, {"oid": None}, {"oid": "b" * 40, "authors": [None, {"login": "ada"}]}],
        "reviews": [None, {"id": 5, "state": "APPROVED", "author": None}],
        "labels": [None, {"name": None}, {"name": "feature"}],
        "statusCheckRollup": [None],
    }
    key = {"number": 14, "url": "https://github.com/harbour/api/pull/14"}
    path = tmp_path / "pulls.json"
    path.write_text(json.dumps([nulls | key, nulls | key | {"number": 15} | odd, nulls]), "utf-16")
    found = read_gh_json(path, TableSpec(str(path)), AS_OF)
    first, second = found.frames.pull_requests.rows(named=True)
    given = ("repository_id", "number", "source", "fetched_at", "url")
    assert {name for name, value in first.items() if value is not None} == set(given)
    assert (second["closing_issues"], second["labels"]) == ([3], ["feature"])
    assert second["checks"] is None
    assert rows(found.frames.commits, "position", "author_login") == [(2, "ada")]
    assert rows(found.frames.reviews, "review_id", "reviewer_login") == [("5", None)]
    assert found.troubles.found["commits without an id, left out"][0] == 2
    assert found.troubles.found["reviews without an id, left out"][0] == 1
    assert found.troubles.found["rows without a number or a repository, left out"][0] == 1
