"""Landed changes: their lines, who wrote them, in which quarter, and what is left out."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb
import pytest
from sql_fixtures import ADA, BEN, BOT, CLAUDE, CLEO, History, rows

DAY = date(2026, 2, 3)
SHARED_ID = "ab" * 20
EXCLUDED_ID = "cd" * 20


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    history = History()
    _merges(history)
    _files(history)
    for name in ("fork/one", "fork/two"):
        fork = history.repository(name)
        lines = 7 if name == "fork/one" else 9
        fork.land(DAY, {"src/a.py": lines}, commit_id=SHARED_ID)
    _excluded(history)
    berlin = history.repository("zone")
    berlin.land(datetime(2025, 12, 31, 23, 30, tzinfo=UTC), {"src/a.py": 1})
    berlin.land(datetime(2026, 3, 31, 21, 30, tzinfo=UTC), {"src/a.py": 2})
    berlin.land(datetime(2026, 3, 31, 22, 30, tzinfo=UTC), {"src/a.py": 4})
    history.repository("größe/日本").land(DAY, {"src/ü.py": 3}, "Zoë Ångström <zoë@harbour.test>")
    history.repository("empty")
    exclusions = [
        {"commit": EXCLUDED_ID[:8], "reason": "imported"},
        {"repository": "out", "author": "CLEO@harbour.test", "reason": "test account"},
    ]
    with history.build(
        tmp_path_factory.mktemp("changes"), time_zone="Europe/Berlin", exclusions=exclusions
    ) as connection:
        yield connection


def _merges(history: History) -> None:
    merges = history.repository("merges")
    by_lines = [
        merges.commit(DAY, {"src/a.py": 60}, ADA, f"Write\n\n{CLAUDE}"),
        merges.commit(DAY, {"src/b.py": 20}, BEN),
        merges.commit(DAY, {"src/c.py": 20, "docs/x.md": 500}, BEN),
    ]
    merges.land(DAY, {"src/a.py": 90}, CLEO, brings=by_lines, message="by lines")
    no_code = [
        merges.commit(DAY, {"docs/a.md": 5}, ADA, f"Tell\n\n{CLAUDE}"),
        merges.commit(DAY, {"docs/b.md": 5}, BEN),
    ]
    merges.land(DAY, {"docs/a.md": 10}, CLEO, brings=no_code, message="no code")
    several = [
        merges.commit(DAY, {"src/a.py": 40}, ADA),
        merges.commit(DAY, {"src/b.py": 30}, BEN),
        merges.commit(DAY, {"src/c.py": 30}, BEN),
    ]
    merges.land(DAY, {"src/a.py": 100}, CLEO, brings=several, message="several commits")
    robots = [
        merges.commit(DAY, {"src/a.py": 5}, BOT),
        merges.commit(DAY, {"src/b.py": 5}, BEN, "Write\n\n🤖 Generated with [Claude Code]"),
    ]
    merges.land(DAY, {"src/a.py": 10}, CLEO, brings=robots, message="robots")
    squash = merges.land(DAY, {"src/a.py": 8}, ADA, message=f"squash (#1)\n\n{CLAUDE}")
    merges.pull(1, [squash], squash)
    merges.land(DAY, {}, BEN, message="direct")


def _files(history: History) -> None:
    files = history.repository("files")
    files.land(
        DAY,
        {
            "src/a.py": (10, 3),
            "tests/test_a.py": 5,
            "README.md": 7,
            "package-lock.json": 900,
            "vendor/lib.js": 80,
            "data.csv": 50,
        },
        message="all classes",
    )
    files.land(DAY, {"src/a.py": None, "src/b.py": 4}, message="one blob missing")
    files.land(DAY, {"src/a.py": None}, message="all blobs missing")
    files.land(DAY, {"docs/a.md": 5}, message="no code")
    files.land(DAY, {}, message="empty")
    files.land(DAY, has_diff=False, message="no diff")


def _excluded(history: History) -> None:
    out = history.repository("out")
    out.land(DAY, {"src/a.py": 1})
    out.land(DAY, {"src/a.py": 10}, commit_id=EXCLUDED_ID)
    out.land(DAY, {"src/a.py": 100}, CLEO)


def changes(connection: duckdb.DuckDBPyConnection, repository: str, columns: str) -> list[object]:
    return rows(
        connection,
        f"""select {columns} from marts.landed_changes
        where repository_id = '{repository}' order by position""",
    )


def test_merge_is_split_by_the_code_lines_of_its_commits(
    built: duckdb.DuckDBPyConnection,
) -> None:
    found = changes(built, "merges", "subject, code_lines, model_lines, undeclared_lines, commits")
    # 60 of 100 code lines carry a model's trailer, documentation weighs nothing: 60% of 90
    assert found[0] == ("by lines", 90, pytest.approx(54), pytest.approx(36), 3)
    assert found[4] == ("squash (#1)", 8, 8, 0, 1)


def test_commits_without_code_weigh_alike(built: duckdb.DuckDBPyConnection) -> None:
    assert changes(built, "merges", "subject, model_share, code_lines")[1] == ("no code", 0.5, 0)


def test_main_contributor_has_the_largest_sum(built: duckdb.DuckDBPyConnection) -> None:
    # Ben's two commits of 30 lines outweigh Ada's one of 40
    found = rows(
        built,
        """select subject, name from marts.landed_changes
        join marts.contributors using (contributor_id)
        where repository_id = 'merges' order by position""",
    )
    assert found[:4] == [
        ("by lines", "Ada Ruiz"),
        ("no code", found[1][1]),
        ("several commits", "Ben Okafor"),
        ("robots", "Ben Okafor"),
    ]


def test_tiers_split_model_lines(built: duckdb.DuckDBPyConnection) -> None:
    found = changes(built, "merges", "declared_lines, indicated_lines, automation_lines")
    # an indicated model commit beside a declared bot commit is not declared model code
    assert found[3] == (0, pytest.approx(5), pytest.approx(5))


def test_kinds(built: duckdb.DuckDBPyConnection) -> None:
    assert [kind for (kind,) in changes(built, "merges", "kind")] == [
        *["merge"] * 4,
        "squash",
        "direct",
    ]


def test_agents_of_a_merge_get_their_own_lines(built: duckdb.DuckDBPyConnection) -> None:
    found = rows(
        built,
        """select agent, model_lines, landed_changes from marts.agents_quarterly
        where scope_name = 'merges'""",
    )
    assert found == [("Claude Code", pytest.approx(54 + 0 + 5 + 8), 4)]


def test_code_lines_are_source_and_test_and_unknown_is_null(
    built: duckdb.DuckDBPyConnection,
) -> None:
    found = changes(built, "files", "subject, files, added_lines, code_lines, net_code_lines")
    assert found == [
        ("all classes", 6, 1052, 15, 12),
        ("one blob missing", 2, 4, 4, 4),
        ("all blobs missing", 1, None, None, None),
        ("no code", 1, 5, 0, 0),
        ("empty", 0, 0, 0, 0),
        ("no diff", None, None, None, None),
    ]


def test_languages_share_the_code_lines_of_a_quarter(built: duckdb.DuckDBPyConnection) -> None:
    found = rows(
        built,
        """select l.scope_name, l.quarter, sum(l.added_lines) = any_value(c.added), sum(l.share)
        from marts.languages_quarterly as l
        join (
            select scope, scope_name, quarter, sum(added_lines) as added
            from marts.file_classes_quarterly where class in ('source', 'test') group by all
        ) as c using (scope, scope_name, quarter)
        where c.added > 0 group by all""",
    )
    assert found
    assert all(is_whole and abs(share - 1) < 1e-9 for _, _, is_whole, share in found)
    (files,) = rows(
        built,
        """select language, added_lines from marts.languages_quarterly
        where scope_name = 'files' order by added_lines desc limit 1""",
    )
    assert files == ("Python", 19)


def test_file_classes(built: duckdb.DuckDBPyConnection) -> None:
    found = rows(
        built,
        """select class, added_lines, deleted_lines, files, missing_files
        from marts.file_classes_quarterly where scope_name = 'files' order by class""",
    )
    assert found == [
        ("data", 50, 0, 1, 0),
        ("docs", 12, 0, 2, 0),
        ("lockfile", 900, 0, 1, 0),
        ("source", 14, 3, 4, 2),
        ("test", 5, 0, 1, 0),
        ("vendored", 80, 0, 1, 0),
    ]


def test_equal_commit_ids_of_two_repositories_stay_apart(
    built: duckdb.DuckDBPyConnection,
) -> None:
    found = rows(
        built,
        f"""select repository_id, code_lines from marts.landed_changes
        where commit_id = '{SHARED_ID}' order by all""",
    )
    assert found == [("fork/one", 7), ("fork/two", 9)]
    issue = "landed changes that another repository holds too"
    assert rows(
        built,
        f"""select repository_id, affected, total from marts.data_quality
        where issue = '{issue}' order by all""",
    ) == [("fork/one", 1, 1), ("fork/two", 1, 1)]


def test_exclusions_leave_changes_out_of_measures(built: duckdb.DuckDBPyConnection) -> None:
    found = changes(built, "out", "code_lines, is_excluded, exclusion_reason")
    assert found == [(1, False, None), (10, True, "imported"), (100, True, "test account")]
    assert rows(
        built, "select code_lines from marts.authorship_quarterly where scope_name = 'out'"
    ) == [(1,)]
    # the author is excluded in that repository alone
    assert rows(built, "select count(*) from marts.landed_changes where is_excluded") == [(2,)]


def test_quarters_are_those_of_the_time_zone(built: duckdb.DuckDBPyConnection) -> None:
    # Berlin is UTC+1 in winter and UTC+2 from 29 March on
    assert changes(built, "zone", "quarter, landed_day") == [
        ("2026Q1", date(2026, 1, 1)),
        ("2026Q1", date(2026, 3, 31)),
        ("2026Q2", date(2026, 4, 1)),
    ]
    assert rows(
        built,
        """select quarter, code_lines from marts.authorship_quarterly
        where scope_name = 'zone' order by 1""",
    ) == [("2026Q1", 3), ("2026Q2", 4)]


def test_unicode_names(built: duckdb.DuckDBPyConnection) -> None:
    assert rows(
        built,
        """select repository_id, name from marts.landed_changes
        join marts.contributors using (contributor_id) where repository_id = 'größe/日本'""",
    ) == [("größe/日本", "Zoë Ångström")]


def test_repository_without_landed_changes(built: duckdb.DuckDBPyConnection) -> None:
    assert rows(
        built,
        """select landed_changes, code_lines, contributors, first_landed_at
        from marts.repositories where repository_id = 'empty'""",
    ) == [(0, None, 0, None)]
    assert rows(built, "select * from marts.multiples where scope_name = 'empty'") == []


def test_organisation_is_the_sum_of_its_repositories(built: duckdb.DuckDBPyConnection) -> None:
    (found,) = rows(
        built,
        """select sum(code_lines) filter (scope = 'organisation'),
            sum(code_lines) filter (scope = 'repository') from marts.authorship_quarterly""",
    )
    # merges 90 + 0 + 100 + 10 + 8, files 15 + 4, forks 7 + 9, out 1, zone 7, unicode 3
    assert found == (254, 254)


def test_no_repositories_at_all(tmp_path: Path) -> None:
    with History().build(tmp_path) as connection:
        assert rows(connection, "select * from marts.multiples") == []
        assert rows(
            connection, "select repositories, landed_changes, last_quarter from marts.report_facts"
        ) == [(0, 0, None)]


def test_cut_off_leaves_later_changes_out(tmp_path: Path) -> None:
    history = History()
    repository = history.repository()
    early = repository.land(date(2026, 4, 10), {"src/a.py": 1})
    late = repository.land(date(2026, 5, 20), {"src/a.py": 10})
    repository.pull(1, [early], early)
    repository.pull(2, [late], late)
    cutoff = datetime(2026, 5, 1, tzinfo=UTC)
    with history.build(tmp_path, cutoff=cutoff) as connection:
        assert rows(
            connection,
            """select quarter, code_lines from marts.authorship_quarterly
            where scope = 'organisation'""",
        ) == [("2026Q2", 1)]
        assert rows(connection, "select sum(added_lines) from marts.file_classes_quarterly") == [
            (2,)
        ]
        assert rows(
            connection,
            """select pull_requests from marts.merge_success_quarterly
            where scope = 'organisation' and author_class = 'all'""",
        ) == [(1,)]
        assert rows(
            connection,
            "select affected from marts.data_quality where issue like '%after the data cut-off'",
        ) == [(1,)]


def test_clocks_that_were_never_set(tmp_path: Path) -> None:
    history = History()
    repository = history.repository()
    repository.land(datetime(1970, 1, 1, tzinfo=UTC), {"src/a.py": 10})
    repository.land(date(2026, 2, 3), {"src/a.py": 1})
    repository.land(date(2106, 2, 7), {"src/a.py": 100})
    with history.build(tmp_path) as connection:
        assert rows(
            connection,
            "select quarter, code_lines from marts.authorship_quarterly where scope = 'repository'",
        ) == [("2026Q1", 1)]
        assert rows(
            connection, "select first_quarter, last_quarter, started_day from marts.report_facts"
        ) == [("2026Q1", "2026Q1", date(2026, 2, 3))]
