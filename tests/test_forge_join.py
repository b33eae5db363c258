"""One row per pull request: of what refs, messages, forges and files tell of it."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
from sql_fixtures import ADA, BEN, CLAUDE, History, Repository, build_attribution, rows

CUTOFF = datetime(2026, 6, 1, tzinfo=UTC)
OPENED = datetime(2026, 1, 5, 8, tzinfo=UTC)
MERGED = datetime(2026, 1, 9, 8, tzinfo=UTC)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    history = History()
    _links(history.repository("links"))
    _sources(history)
    _times(history.repository("times"))
    _people(history.repository("people"))
    _names(history)
    with history.build(tmp_path_factory.mktemp("join"), cutoff=CUTOFF) as connection:
        yield connection


def _links(repository: Repository) -> None:
    """Each pull request by another way to its landed change."""
    repository.land(date(2025, 1, 1))
    merged: dict[str, Any] = {"state": "merged", "created_at": OPENED, "merged_at": MERGED}
    # 1: no message names it, the merge commit does
    own = [repository.commit(OPENED), repository.commit(OPENED, message="Mend")]
    squash = repository.land(MERGED, author=BEN)
    repository.pull(1, own)
    repository.told(1, merge_commit_id=squash, **merged)
    # 2: the subject of another change names it too, the merge commit counts
    head = repository.commit(OPENED)
    named, true = repository.land(MERGED), repository.land(MERGED)
    repository.pull(2, [head], named, "subject number")
    repository.told(2, merge_commit_id=true, **merged)
    # 3: its commits landed one by one
    head = repository.commit(OPENED)
    last = repository.land(MERGED)
    repository.pull(3, [repository.commit(OPENED), head], last, "rebased head")
    repository.told(3, merge_commit_id=last, **merged)
    # 4: the clone has no ref, but the head that the forge tells
    brought = repository.commit(OPENED)
    repository.land(MERGED, brings=[brought])
    repository.told(4, head_commit_id=brought, **merged)
    # 5: merged into another branch
    repository.pull(5, [repository.commit(OPENED)])
    repository.told(5, merge_commit_id="f" * 40, base_branch="release", **merged)
    # 6: closed on the forge, landed by a bot
    landed = repository.land(MERGED)
    repository.pull(6, [repository.commit(OPENED)], landed)
    repository.told(6, state="closed", created_at=OPENED, closed_at=MERGED)
    # 7: opened from a commit that had landed before, and never merged
    old = repository.land(date(2026, 1, 2))
    repository.pull(7, [old], old, "head reachable")
    repository.told(7, state="open", created_at=OPENED)
    # 8: a test merge of an open one is no link, though it has landed by chance
    test_merge = repository.land(MERGED)
    repository.pull(8, [repository.commit(OPENED)])
    repository.told(8, state="open", created_at=OPENED, merge_commit_id=test_merge)
    # 9: only the clone knows it
    repository.pull(9, [repository.commit(OPENED)])
    # 10: merged by its message, and nobody tells a merge commit
    stacked = repository.commit(OPENED)
    landed = repository.land(MERGED, brings=[stacked])
    repository.pull(10, [repository.commit(OPENED)], landed, "merge message")
    repository.told(10, **merged)
    # 11: closed, and its commits landed with another
    brought = repository.commit(OPENED)
    other = repository.land(MERGED, brings=[brought])
    repository.pull(11, [brought], other, "head reachable")
    repository.told(11, state="closed", created_at=OPENED, closed_at=OPENED + timedelta(days=1))
    # 12: from the default branch into that of releases, with what 10 became as its head
    repository.told(12, head_commit_id=landed, base_branch="release", **merged)
    # 13: merged into the branch of 10, and landed with it
    repository.pull(13, [stacked], landed, "head reachable")
    repository.told(13, **merged)


def _times(repository: Repository) -> None:
    """Two files of one time, each of which tells a part."""
    repository.land(date(2025, 1, 1))
    file = {"source": "table", "fetched_at": date(2026, 2, 1)}
    repository.told(1, state="open", created_at=OPENED, title="Boats", **file)
    repository.told(1, state="merged", merged_at=MERGED, **file)


def _sources(history: History) -> None:
    repository = history.repository("sources")
    repository.land(date(2025, 1, 1))

    def told(number: int, source: str, day: int, **columns: Any) -> None:
        repository.told(number, source=source, fetched_at=date(2026, 2, day), **columns)

    # 1: the newest telling counts, and an older one fills what it leaves out
    told(1, "table", 1, state="open", created_at=OPENED, author_login="ada", agent="Codex")
    told(1, "github", 2, state="closed", closed_at=MERGED, author_login="ada-l", title="Boats")
    told(1, "github", 3, state="open", closed_at=None)
    # 2: nothing undoes a merge
    told(2, "github", 2, state="merged", merged_at=MERGED, created_at=OPENED)
    told(2, "table", 3, state="open", created_at=OPENED)
    # 3: closed, and nobody said how
    told(3, "gh-archive", 1, state="open", created_at=OPENED)
    told(3, "gh-archive", 2, state=None, closed_at=MERGED)
    # 4: two sources at one time
    told(4, "table", 1, created_at=OPENED + timedelta(hours=1), state="open")
    told(4, "github", 1, created_at=OPENED, state="open")
    # 5, 6: open when told, 31 and 29 days before; the clone has no ref
    for number, days in ((5, 31), (6, 29)):
        repository.told(
            number, state="open", created_at=OPENED, fetched_at=OPENED + timedelta(days=days)
        )
    # the newest list of commits replaces the ones before
    for day, commits in ((1, "ab"), (2, "bc")):
        for position, letter in enumerate(commits):
            history.rows["forge_pull_request_commits"].append(
                {
                    "repository_id": "sources",
                    "number": 1,
                    "fetched_at": datetime(2026, 2, day, tzinfo=UTC),
                    "commit_id": letter * 40,
                    "position": position,
                }
            )


def _people(repository: Repository) -> None:
    repository.land(date(2025, 1, 1), author="Ada Ruiz <17+ada-l@users.noreply.github.com>")
    head = repository.commit(OPENED, author=BEN)
    repository.pull(1, [head])
    repository.told(1, state="open", created_at=OPENED, author_login="Ada-L")
    model = repository.commit(OPENED, author=ADA, message=f"Write\n\n{CLAUDE}")
    repository.pull(2, [model])
    repository.told(2, state="open", author_login="helper[bot]", author_is_bot=True, agent="Codex")
    repository.told(3, state="open", created_at=OPENED, agent="Codex", source="table")
    later = MERGED + timedelta(days=1)
    for number, login, when, more in (
        (1, "ben", MERGED, {"state": "changes_requested"}),
        (2, "Ben", later, {}),
        (3, "ada-l", OPENED, {"state": "commented"}),
        (4, "lint[bot]", OPENED, {"reviewer_is_bot": True}),
        (5, "cleo", later, {"state": "pending"}),
    ):
        repository.review(1, f"r{number}", login, when, **more)
    # the same review from another source, with an id of its own
    repository.review(1, "501", "ben", MERGED, state="changes_requested", fetched_at=OPENED)
    repository.review(9, "r9", "ben", MERGED)


def _names(history: History) -> None:
    """By whatever name a file calls a repository, it is the one of the run."""
    history.repository("team/harbour", remote_url="git@forge.test:Harbour/Api.git")
    history.repository("quay", remote_url="https://forge.test/group/sub/quay.git")
    for number, name in enumerate(
        ["team/harbour", "Team/Harbour", "harbour/api", "harbour", "group/sub/quay", "pier/web"],
        start=1,
    ):
        Repository(name, history.rows).told(
            number, source="table", state="open", created_at=OPENED, fetched_at=date(2026, 2, 1)
        )


def pulls(connection: duckdb.DuckDBPyConnection, repository: str, columns: str) -> list[Any]:
    return rows(
        connection,
        f"""select pull_request_number, {columns} from marts.pull_requests
        where repository_id = '{repository}' order by 1""",
    )


def test_links(built: duckdb.DuckDBPyConnection) -> None:
    found = pulls(built, "links", "landed_by, outcome, merged_at_source, merged_at is not null")
    assert found == [
        (1, "merge commit", "merged", "github", True),
        (2, "merge commit", "merged", "github", True),
        (3, "rebased head", "merged", "github", True),
        (4, "head reachable", "merged", "github", True),
        (5, None, "merged", "github", True),
        (6, "subject number", "merged", "landed change", True),
        (7, None, "not merged", None, False),
        (8, None, "not merged", None, False),
        (9, None, "not merged", None, False),
        (10, "merge message", "merged", "github", True),
        (11, None, "not merged", None, False),
        (12, None, "merged", "github", True),
        (13, "head reachable", "merged", "github", True),
    ]
    assert rows(
        built,
        """select pull_request_number, pull_requests from marts.landed_changes
        where repository_id = 'links' and pull_requests > 1""",
    ) == [(10, 2)]
    assert rows(
        built,
        """select kind, commits from marts.landed_changes
        where repository_id = 'links' and pull_request_number in (1, 3) order by position""",
    ) == [("squash", 2), ("squash", 1)]


def test_what_the_forge_tells_goes_before_the_estimate(built: duckdb.DuckDBPyConnection) -> None:
    found = pulls(built, "links", "opened_at_source, opened_at = timestamptz '2026-01-05 08:00+00'")
    assert found[0] == (1, "github", True)
    # 9 is estimated, between neighbours whose time is known
    assert found[8] == (9, "commits and order of numbers", True)


def test_files_of_one_time_are_joined_field_by_field(built: duckdb.DuckDBPyConnection) -> None:
    assert rows(
        built,
        """select state, title, created_at is not null, merged_at is not null
        from staging.pull_requests where repository_id = 'times'""",
    ) == [("merged", "Boats", True, True)]


def test_each_field_is_the_newest_that_is_known(built: duckdb.DuckDBPyConnection) -> None:
    assert rows(
        built,
        """select pull_request_number, state, state_source, closed_at is null, created_at_source,
            author_login, author_login_source, agent, agent_source, title, sources
        from staging.pull_requests
        where repository_id = 'sources' and pull_request_number < 5 order by 1""",
    ) == [
        (1, "open", "github", True, "table", "ada-l", "github", "Codex", "table", "Boats",
         ["github", "table"]),
        (2, "merged", "github", False, "table", None, None, None, None, None,
         ["github", "table"]),
        (3, None, None, False, "gh-archive", None, None, None, None, None, ["gh-archive"]),
        (4, "open", "github", True, "github", None, None, None, None, None,
         ["github", "table"]),
    ]  # fmt: skip


def test_open_when_last_told_is_no_failure_since(built: duckdb.DuckDBPyConnection) -> None:
    found = pulls(built, "sources", "outcome, is_mature")
    assert found[4:] == [(5, "not merged", True), (6, "not merged", False)]
    assert found[2][1] == "unknown"


def test_the_newest_list_of_commits_counts(built: duckdb.DuckDBPyConnection) -> None:
    assert rows(
        built,
        """select left(commit_id, 1) from staging.pull_request_commits
        where repository_id = 'sources' order by 1""",
    ) == [("b",), ("c",)]


def test_who_opened_it(built: duckdb.DuckDBPyConnection) -> None:
    found = rows(
        built,
        """select p.pull_request_number, c.name, author_class, p.agent, agent_source
        from marts.pull_requests as p
        left join marts.contributors as c using (contributor_id)
        where p.repository_id = 'people' order by 1""",
    )
    assert found == [
        (1, "Ada Ruiz", "undeclared", None, None),
        (2, "Ada Ruiz", "model", "Claude Code", "commits"),
        (3, None, "model", "Codex", "table"),
    ]


def test_reviews_are_by_others(built: duckdb.DuckDBPyConnection) -> None:
    assert pulls(
        built,
        "people",
        """are_reviews_told, reviews, reviewers, approvals, change_requests,
        cast(first_reviewed_at at time zone 'UTC' as date)""",
    ) == [
        (1, True, 2, 1, 1, 1, MERGED.date()),
        (2, True, 0, 0, 0, 0, None),
        (3, True, 0, 0, 0, 0, None),
    ]
    assert pulls(built, "quay", "are_reviews_told, reviews") == [(5, False, None)]


def test_names_of_repositories(built: duckdb.DuckDBPyConnection) -> None:
    assert rows(
        built,
        """select pull_request_number, repository_id, matched_by
        from staging.forge_pull_requests
        join raw.forge_pull_requests using (repository_id)
        join raw.forge_repositories using (repository_id)
        where matched_by = 'none' limit 1""",
    ) == [(6, "pier/web", "none")]
    assert rows(
        built,
        """select told_name, repository_id, matched_by from raw.forge_repositories
        where told_name not in ('links', 'sources', 'people', 'times') order by all""",
    ) == [
        ("Team/Harbour", "team/harbour", "name in other letters"),
        ("group/sub/quay", "quay", "origin"),
        ("harbour", "team/harbour", "last part of the name"),
        ("harbour/api", "team/harbour", "origin"),
        ("pier/web", "pier/web", "none"),
        ("team/harbour", "team/harbour", "name"),
    ]
    assert [number for number, _ in pulls(built, "team/harbour", "1")] == [1, 2, 3, 4]


def test_what_does_not_fit_is_counted(built: duckdb.DuckDBPyConnection) -> None:
    found = {
        (repository, issue): (affected, total)
        for repository, issue, affected, total in rows(
            built, "select repository_id, issue, affected, total from marts.data_quality"
        )
    }
    expected = {
        ("links", "pull requests that no forge told of"): (1, 13),
        ("links", "pull requests that the clone has no ref of"): (2, 13),
        ("links", "landed, though the forge calls them open or closed"): (1, 4),
        ("links", "closed on the forge, while their commits landed with another"): (1, 2),
        ("links", "landed changes that merge commit and clone tell differently"): (1, 1),
        ("sources", "sources that disagree on state"): (1, 6),
        ("sources", "sources that disagree on created_at"): (1, 6),
        ("sources", "sources that disagree on author_login"): (1, 6),
        ("sources", "merged on the forge, not found on the default branch"): (1, 1),
        ("people", "reviews of pull requests that nothing tells of"): (1, 6),
        (None, "pull requests of repositories without a clone"): (1, 28),
    }
    assert {key: found.get(key) for key in expected} == expected
    # merged into a branch that is known to be another one: nothing is wrong
    assert ("links", "merged on the forge, not found on the default branch") not in found


def test_other_repositories_are_left_out_where_the_call_names_some(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    history = History()
    history.repository("harbour").land(date(2025, 1, 1))
    for name in ("harbour", "pier"):
        Repository(name, history.rows).told(1, source="table", state="open", created_at=OPENED)
    folder = tmp_path_factory.mktemp("narrow")
    with history.build(folder, cutoff=CUTOFF, other_repositories=False) as connection:
        assert rows(connection, "select repository_id from marts.pull_requests") == [("harbour",)]


def test_a_row_without_times_sets_no_cut_off(tmp_path: Path) -> None:
    history = History()
    repository = Repository("far", history.rows)
    repository.told(1, state="merged", created_at=date(2025, 1, 1), merged_at=date(2025, 2, 1))
    repository.told(2, state="open")
    with build_attribution(history, tmp_path, ["marts.cutoff"]) as connection:
        assert rows(connection, "select cutoff_day from marts.cutoff") == [(date(2025, 2, 1),)]
