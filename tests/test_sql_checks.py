"""Every check finds what it is for: data corrupted for it makes exactly that check fail."""

from collections.abc import Collection, Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb
import pytest
from sql_fixtures import ADA, BEN, CLAUDE, History, build_file, rows, steady

from quarterdeck.sql import checking

#: A row more for each table whose key a check holds; the key alone decides.
TWICE = "insert into {0} select * from {0} limit 1"
KEYS = [name for name in checking.checks() if name.startswith("key_")]
#: For each other check a statement that breaks what it checks, and as far as possible no more.
CORRUPTIONS = {
    "agents_add_up": "update marts.agents_quarterly set model_lines = model_lines + 1",
    "attested_lines_were_added": "update raw.added_lines set path = 'src/other.py'",
    "commit_shares_add_up": (
        "update attribution.commit_authorship set undeclared_share = undeclared_share + 0.1"
    ),
    "authorship_adds_up": "update marts.landed_changes set human_lines = human_lines + 1",
    "change_parts_add_up": "update attribution.change_parts set share = share / 2",
    "coverage_in_range": "update marts.model_coverage set estimate = commits + 1",
    "file_changes_add_up": "update raw.commit_diffs set added = added + 1",
    "file_classes_have_no_gap": "update raw.file_classes set from_position = 1",
    "forge_success_in_range": "update marts.forge_counts set closed = pull_requests + 1",
    "landed_changes_complete": (
        "insert into raw.landings by name select repository_id, 'ff' as commit_id, "
        "'ff' as landed_commit_id, 99 as position from raw.landings limit 1"
    ),
    "multiples_add_up": (
        "update marts.multiples set uncapped_total = uncapped_total + 1 "
        "where measure = 'code_lines' and quarter = '2021Q1'"
    ),
    "multiples_agree": "update marts.multiple_intervals set bar = bar * 1.001",
    "no_infinite_numbers": "update marts.multiples set multiple_high = 'inf'::double",
    "organisation_is_its_repositories": (
        "update marts.authorship_quarterly set code_lines = code_lines + 1 "
        "where scope = 'organisation'"
    ),
    "orphan_file_changes": "delete from raw.file_classes",
    "orphan_landings": "update raw.landings set landed_commit_id = 'ff' where position = 3",
    "line_lives_add_up": "update raw.line_deaths set lines = lines + 1",
    "lines_agree_with_git": "update raw.line_changes set added = added - 1 where added = 6",
    "people_kept_apart": "update attribution.identities set contributor_id = 'c0'",
    "rate_and_mix_add_up": (
        "update marts.repository_rates set contributor_share = contributor_share + 0.1"
    ),
    "undefined_has_a_reason": "update marts.multiples set reason = null",
    "ladder_adds_up": (
        "update marts.success_ladder_counts set trials = trials + 1 where tier = 'all'"
    ),
    "reverts_follow": "update attribution.reverts set undone_position = position",
    "success_in_range": "update marts.concentration_quarterly set gini = -1",
    "rates_in_range": "update marts.merge_success_quarterly set rate = rate + 1",
}
#: Checks that the same corruption rightly fails beside the one meant.
ALSO = {
    "landed_changes_complete": {"orphan_landings"},
    "file_changes_add_up": {"lines_agree_with_git"},
    "lines_agree_with_git": {"line_lives_add_up"},
}
NOTE = """src/a.py
  d9978a8723e02b52 1-4
---
{"schema_version": "authorship/3.0.0", "base_commit_sha": "", "prompts":
{"d9978a8723e02b52": {"agent_id": {"tool": "cursor", "id": "c", "model": "m-1"}}}}"""


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    history = History()
    repository = history.repository()
    steady(repository, date(2021, 1, 1), date(2023, 6, 30), step=14)
    own = [
        repository.commit(date(2023, 6, 1), author=ADA, message=f"Write\n\n{CLAUDE}"),
        repository.commit(date(2023, 6, 1), author=BEN),
    ]
    landed = repository.land(date(2023, 6, 30), author=BEN, brings=own)
    landed_at = datetime(2023, 6, 30, 12, tzinfo=UTC)
    repository.pull(1, own, landed)
    repository.land(date(2023, 6, 30), author="Ada <7+ada@users.noreply.github.com>")
    excluded = repository.land(date(2023, 7, 1), author=BEN)
    repository.land(date(2023, 7, 1), author=BEN, message=f"This reverts commit {landed}.")
    repository.note(own[0], NOTE, {"src/a.py": [(1, 10)]})
    repository.branch("topic", [own[1]])
    repository.checkpoint("a1b2c3d4e5f6", '{"agent": "Claude Code"}')
    for source in ("github", "table"):
        repository.told(1, source=source, state="merged", author_login=source, merged_at=landed_at)
    repository.review(1, "r1", "ben", landed_at)
    history.rows["forge_pull_request_commits"].append(
        {
            "repository_id": repository.name,
            "number": 1,
            "commit_id": own[0],
            "fetched_at": landed_at,
        }
    )
    repository.tip_file(".gitattributes", "*.gen linguist-generated\n")
    blob = {"repository_id": repository.name, "blob_id": "b" * 40}
    history.rows["attribute_blobs"].append(blob)
    history.rows["content_facts"].append(blob)
    lined = history.repository("tide-tables")
    first = lined.land(date(2023, 1, 2), {"src/a.py": 6})
    second = lined.land(date(2023, 3, 2), {"src/a.py": (3, 2)})
    lined.follow([(first, second, "deleted", 2)], [(first, 4), (second, 3)])
    return build_file(
        history,
        tmp_path_factory.mktemp("checks"),
        exclusions=[{"commit": excluded, "reason": "imported"}],
        authorship=[{"commits": [excluded], "author_class": "model", "reason": "generated"}],
        contributors=[{"name": "Ada Ruiz", "emails": ["ada@harbour.test"]}],
        keep_apart=[{"emails": ["ada@harbour.test", "ben@harbour.test"]}],
        teams=[
            {
                "name": "Crane",
                "members": ["ada@harbour.test", "ben@harbour.test"],
                "repositories": ["elsewhere"],
            }
        ],
    )


@pytest.fixture(scope="module")
def database(good: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(str(good)) as connection:
        yield connection


def failing(connection: duckdb.DuckDBPyConnection, checks: Collection[str] = ()) -> set[str]:
    """The checks that return rows: of these, or of all."""
    queries = checking.checks()
    return {name for name in checks or queries if rows(connection, queries[name])}


def after(
    connection: duckdb.DuckDBPyConnection, statement: str, checks: Collection[str] = ()
) -> set[str]:
    """The checks that fail after a statement, which is taken back."""
    connection.execute("begin")
    try:
        changed = connection.execute(statement).fetchall()
        assert changed[0][0] > 0, "the corruption changed nothing"
        return failing(connection, checks)
    finally:
        connection.execute("rollback")


def table_of(check: str) -> str:
    schema, _, table = check.removeprefix("key_").partition("_")
    return f"{schema}.{table}"


def test_good_data_pass(database: duckdb.DuckDBPyConnection) -> None:
    assert failing(database) == set()


def test_no_number_of_a_mart_is_infinite(database: duckdb.DuckDBPyConnection) -> None:
    numbers = rows(
        database,
        """select schema_name || '.' || table_name, column_name from duckdb_columns()
        where schema_name = 'marts' and data_type in ('DOUBLE', 'FLOAT')""",
    )
    assert len(numbers) > 50
    query = " union all ".join(
        f"select '{table}' from {table} where not coalesce(isfinite({column}), true)"
        for table, column in numbers
    )
    assert rows(database, query) == []


def test_every_check_has_a_corruption() -> None:
    assert set(checking.checks()) == set(KEYS) | set(CORRUPTIONS)


@pytest.mark.parametrize("check", CORRUPTIONS)
def test_corruption_is_found(database: duckdb.DuckDBPyConnection, check: str) -> None:
    assert after(database, CORRUPTIONS[check]) == {check} | ALSO.get(check, set())


@pytest.mark.parametrize("check", KEYS)
def test_second_row_of_a_key_is_found(database: duckdb.DuckDBPyConnection, check: str) -> None:
    assert after(database, TWICE.format(table_of(check)), {check}) == {check}
