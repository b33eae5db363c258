"""Pull requests: when they were opened, what became of them, and their success rates."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import duckdb
import pytest
from sql_fixtures import ADA, BEN, BOT, CLAUDE, CLEO, History, Repository, days, rows, steady

CUTOFF = datetime(2026, 4, 1, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    history = History()
    history.repository("span").land(date(2025, 1, 1))
    _window(history.repository("window"))
    _order(history.repository("order"))
    _classes(history.repository("classes"))
    no_refs = history.repository("no refs")
    landed = no_refs.land(date(2026, 1, 5))
    no_refs.pull(1, None, landed, has_head=False)
    excluded = history.repository("excluded")
    for number, author in ((1, ADA), (2, CLEO)):
        excluded.pull(number, [excluded.commit(date(2026, 1, 5), author=author)])
    excluded.land(date(2026, 1, 1), {})
    with history.build(
        tmp_path_factory.mktemp("pulls"),
        cutoff=CUTOFF,
        exclusions=[{"author": "cleo@harbour.test", "reason": "test account"}],
    ) as connection:
        yield connection


def _window(repository: Repository) -> None:
    """Merged on the 30th day, just after it, never; opened 30 days before the cut-off, or later."""
    opened = datetime(2026, 1, 1, 12, tzinfo=UTC)
    for number, after in ((1, timedelta(days=30)), (2, timedelta(days=30, seconds=1)), (3, None)):
        head = repository.commit(opened)
        landed = repository.land(opened + after) if after is not None else None
        repository.pull(number, [head], landed)
    for number, before in ((4, timedelta(days=30)), (5, timedelta(days=30, seconds=-1))):
        repository.pull(number, [repository.commit(CUTOFF - before)])
    repository.pull(6, None)


def _order(repository: Repository) -> None:
    """One pull request a day; some of them lie about their age."""
    for number, day in enumerate(days(date(2025, 6, 1), 40), start=1):
        written = {15: date(2020, 1, 1), 25: date(2025, 12, 1)}.get(number, day)
        commit = repository.commit(written)
        landed = repository.land(day + timedelta(days=2)) if number == 5 else None
        if number == 30:
            repository.pull(number, None)
        else:
            repository.pull(number, [commit], landed)
    old = repository.land(date(2024, 3, 1))
    repository.pull(41, [old], old, "head reachable")
    fresh = repository.land(date(2025, 7, 12))
    repository.pull(42, [fresh], fresh, "head reachable")


def _classes(repository: Repository) -> None:
    repository.land(date(2025, 1, 1), {})
    model = f"Write\n\n{CLAUDE}"
    when = date(2026, 1, 5)
    old = date(2020, 1, 5)
    lists = [
        [(when, ADA, model), (when, ADA, model), (when, BEN, "Fix")],
        [(old, ADA, "Write"), (old, BEN, "Fix")],
        [(when, BOT, "Bump")],
        [(when, ADA, "Write")],
        [(when, ADA, model), (when, BEN, "Fix")],
    ]
    for number, commits in enumerate(lists, start=1):
        made = [repository.commit(day, author=who, message=text) for day, who, text in commits]
        repository.pull(number, made)
    wrote = repository.commit(when, author=ADA, message=model)
    merge = repository.commit(when, author=ADA, message="Merge main", parents=[wrote, "1" * 40])
    repository.pull(6, [wrote, merge])


def pulls(connection: duckdb.DuckDBPyConnection, repository: str, columns: str) -> list[object]:
    return rows(
        connection,
        f"""select pull_request_number, {columns} from marts.pull_requests
        where repository_id = '{repository}' order by 1""",
    )


def test_window_edges(built: duckdb.DuckDBPyConnection) -> None:
    assert pulls(built, "window", "outcome, is_merged_in_window, is_mature") == [
        (1, "merged", True, True),
        (2, "merged", False, True),
        (3, "not merged", None, True),
        (4, "not merged", None, True),
        (5, "not merged", None, False),
        (6, "unknown", None, False),
    ]


def test_rate_has_its_numerator_and_denominator(built: duckdb.DuckDBPyConnection) -> None:
    found = rows(
        built,
        """select quarter, pull_requests, mature_pull_requests, merged, rate, rate_low, rate_high
        from marts.merge_success_quarterly
        where scope_name = 'window' and author_class = 'all' order by quarter""",
    )
    # Wilson for 1 of 4: (0.25 + z2/8 -/+ z sqrt(0.1875/4 + z2/64)) / (1 + z2/4), z = 1.959964
    assert found == [
        ("2026Q1", 6, 4, 1, 0.25, pytest.approx(0.0456, abs=5e-5), pytest.approx(0.6994, abs=5e-5))
    ]


def test_opening_times_follow_the_order_of_numbers(built: duckdb.DuckDBPyConnection) -> None:
    found = dict(pulls(built, "order", "opened_at at time zone 'UTC'"))  # type: ignore[arg-type]

    def day(number: int) -> datetime:
        return datetime(2025, 6, 1, 12) + timedelta(days=number - 1)

    assert found[1] == day(1)
    assert found[20] == day(20)
    # written years before: not before the median of the ten numbers before it, 5 to 14
    assert found[15] == day(9)
    # its head was replaced months later: not after the median of the ten after it, 26 to 35
    # without 30, whose commits are not known
    assert found[25] == day(31)
    # its own commits are not known: the median of 20 to 29, of which 25 lies
    assert found[30] == day(24)


def test_head_that_was_there_before_is_no_merge(built: duckdb.DuckDBPyConnection) -> None:
    found = pulls(
        built,
        "order",
        "outcome, landed_commit_id is not null, cast(opened_at at time zone 'UTC' as date)",
    )
    # 41 points at a commit that had landed a year before the pull requests around it were opened
    assert found[40][1:3] == ("unknown", False)
    assert found[40][3] >= date(2025, 7, 1)
    assert found[41][1:] == ("merged", True, date(2025, 7, 12))
    # so that change landed none, as all measures of pull requests say
    assert rows(
        built,
        """select landed_by, kind, changes.pull_request_number, pull_requests
        from marts.landed_changes as changes
        left join marts.pull_requests as pulls
            on pulls.repository_id = changes.repository_id
            and pulls.landed_commit_id = changes.commit_id
        where changes.repository_id = 'order' order by changes.landed_at""",
    ) == [
        (None, "direct", None, None),
        ("subject number", "squash", 5, 1),
        ("head reachable", "squash", 42, 1),
    ]
    # and it moves no other pull request
    assert found[19][3] == date(2025, 6, 20)


def test_author_classes(built: duckdb.DuckDBPyConnection) -> None:
    assert pulls(built, "classes", "author_class, agent") == [
        (1, "model", "Claude Code"),
        (2, "human", None),
        (3, "automation", "Dependabot"),
        (4, "undeclared", None),
        (5, "mixed", "Claude Code"),
        (6, "model", "Claude Code"),  # a merge says nothing of who wrote it
    ]


def test_pull_request_known_from_a_message_alone_is_in_no_rate(
    built: duckdb.DuckDBPyConnection,
) -> None:
    assert pulls(built, "no refs", "outcome, is_mature, author_class") == [
        (1, "merged", False, "undeclared")
    ]


def test_excluded_authors_are_in_no_rate(built: duckdb.DuckDBPyConnection) -> None:
    assert pulls(built, "excluded", "is_excluded") == [(1, False), (2, True)]
    assert rows(
        built,
        """select pull_requests from marts.merge_success_quarterly
        where scope_name = 'excluded' and author_class = 'all'""",
    ) == [(1,)]


@pytest.mark.parametrize(
    ("min_quarters", "expected"),
    [
        # 1 of 2 and 4 of 4 merged in the baseline, 1 of 2 after it
        (2, [(5 / 6, pytest.approx(-100 / 3), None)]),
        (3, [(None, None, "no baseline")]),
    ],
)
def test_baseline_rate_is_pooled_over_quarters_enough(
    tmp_path: Path, min_quarters: int, expected: list[tuple[object, ...]]
) -> None:
    history = History()
    repository = history.repository()
    steady(repository, date(2022, 12, 1), date(2024, 3, 1), step=20)
    opened = [(date(2023, 2, 1), 1, 2), (date(2023, 5, 1), 4, 4), (date(2023, 8, 1), 1, 2)]
    number = 0
    for day, merged, pulls_then in opened:
        for place in range(pulls_then):
            number += 1
            if place < merged:
                landed = repository.land(day)
                repository.pull(number, [landed], landed, "squash")
            else:
                repository.pull(number, [repository.commit(day)])
    settings = {"baseline": "2023-Q1..2023-Q2", "multiple": {"baseline_min_quarters": min_quarters}}
    with history.build(tmp_path, **settings) as connection:
        found = rows(
            connection,
            """select baseline_rate, change_points, reason from marts.merge_success_quarterly
            where scope = 'organisation' and author_class = 'all'
                and quarter_start = date '2023-07-01'""",
        )
    assert found == expected
