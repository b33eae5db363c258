"""The multiple and what it is made of: caps, active contributors, bars, baselines."""

import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest
from sql_fixtures import ADA, BEN, BOT, CLAUDE, CLEO, History, rows, steady

CUTOFF = datetime(2026, 3, 31, 23, 59, 59, tzinfo=UTC)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    history = History()
    steady(history.repository("steady"), date(2020, 1, 1), date(2026, 3, 25))
    for number in (99, 100):
        capped = history.repository(f"cap {number}")
        for size in range(1, number + 1):
            capped.land(date(2026, 2, 3), {"src/a.py": size})
    pool = history.repository("pool")
    pool.land(date(2025, 3, 31), {"src/a.py": 1})
    pool.land(date(2025, 4, 1), {"src/a.py": 2})
    pool.land(date(2026, 3, 31), {"src/a.py": None})
    for name, back in (("no break", date(2024, 12, 31)), ("break", date(2025, 1, 1))):
        spans = history.repository(name)
        spans.land(date(2024, 1, 1), {"src/a.py": 90})
        spans.land(back, {"src/a.py": 90})
    gone = history.repository("gone")
    gone.land(date(2024, 1, 1), {"src/a.py": 10})
    gone.land(date(2026, 3, 31), {"src/a.py": 0}, BOT)
    dormant = history.repository("dormant")
    dormant.land(date(2020, 3, 1), {"src/a.py": 365})
    dormant.land(date(2026, 1, 1), {"src/a.py": 90})
    brought = history.repository("brought")
    own = [brought.commit(date(2026, 1, 1), author=person) for person in (ADA, BEN, BOT)]
    brought.land(date(2026, 1, 1), {"src/a.py": 270}, CLEO, brings=own)
    with history.build(tmp_path_factory.mktemp("multiples"), cutoff=CUTOFF) as connection:
        yield connection


def multiple(connection: duckdb.DuckDBPyConnection, name: str, columns: str, where: str) -> Any:
    return rows(
        connection,
        f"""select {columns} from marts.multiples
        where scope_name = '{name}' and {where} order by measure, quarter_start""",
    )


def test_cap_is_the_99th_percentile_of_at_least_100_changes(
    built: duckdb.DuckDBPyConnection,
) -> None:
    columns, where = "cap_lines, total, uncapped_total", "measure = 'code_lines'"
    assert multiple(built, "cap 100", columns, where) == [(99, 5049, 5050)]
    assert multiple(built, "cap 99", columns, where) == [(None, 4950, 4950)]


def test_only_code_lines_have_a_cap(built: duckdb.DuckDBPyConnection) -> None:
    assert multiple(built, "cap 100", "cap_lines, total", "measure = 'net_lines'") == [(None, 5050)]


def test_pool_is_the_365_days_up_to_the_last_one(built: duckdb.DuckDBPyConnection) -> None:
    # 2025-04-01 is the 365th day up to 2026-03-31; a change of unknown size is in no pool
    assert rows(
        built,
        """select pool_changes from marts.caps
        where scope_name = 'pool' and quarter_start = '2026-01-01' and measure = 'code_lines'""",
    ) == [(1,)]


def test_active_for_365_days_landing_day_included(built: duckdb.DuckDBPyConnection) -> None:
    found = rows(
        built,
        """select scope_name, active_from, active_to from marts.contributor_activity
        where scope_name in ('no break', 'break') order by all""",
    )
    assert found == [
        ("break", date(2024, 1, 1), date(2024, 12, 30)),
        ("break", date(2025, 1, 1), date(2025, 12, 31)),
        ("no break", date(2024, 1, 1), date(2025, 12, 30)),
    ]
    assert rows(
        built,
        """select day, active_contributors from marts.days
        where scope_name = 'break' and day between '2024-12-30' and '2025-01-01' order by day""",
    ) == [(date(2024, 12, 30), 1), (date(2024, 12, 31), 0), (date(2025, 1, 1), 1)]


def test_days_without_active_contributors_are_in_no_bar(built: duckdb.DuckDBPyConnection) -> None:
    # 90 lines on 1 January 2025, one contributor, 90 days
    where = "measure = 'code_lines' and quarter = '2025Q1'"
    assert multiple(built, "break", "bar", where) == [(1.0,)]
    assert multiple(
        built, "gone", "bar, multiple, reason", "measure = 'code_lines' and quarter = '2025Q2'"
    ) == [(None, None, "no active contributor")]


def test_authors_of_what_a_merge_brought_in_are_active_and_bots_are_not(
    built: duckdb.DuckDBPyConnection,
) -> None:
    # Ada, Ben, and Cleo who merged; 270 lines over 3 people and 90 days
    where = "measure = 'code_lines' and quarter = '2026Q1'"
    assert multiple(built, "brought", "active_contributors, bar", where) == [(3, 1.0)]


def test_quarters_are_measured_from_the_first_landed_change(
    built: duckdb.DuckDBPyConnection,
) -> None:
    assert rows(
        built,
        """select first_day, last_day, days, is_whole, is_partial from marts.quarters
        where scope_name = 'dormant' and quarter = '2020Q1'""",
    ) == [(date(2020, 3, 1), date(2020, 3, 31), 31, False, False)]


def test_baseline_with_a_single_bar_is_none(built: duckdb.DuckDBPyConnection) -> None:
    # of the baseline quarters only 2021Q1 has days with an active contributor
    where = "measure = 'code_lines' and quarter in ('2021Q1', '2026Q1')"
    assert multiple(built, "dormant", "baseline_quarters, multiple, reason", where) == [
        (1, None, "no baseline"),
        (1, None, "no baseline"),
    ]


def test_default_baseline_is_2021_to_2024(built: duckdb.DuckDBPyConnection) -> None:
    assert rows(
        built, "select baseline_label, baseline_quarters, baseline_kind from marts.report_facts"
    ) == [("2021Q1 to 2024Q4", 16, "range")]


def test_no_pull_request_known_is_missing_not_zero(built: duckdb.DuckDBPyConnection) -> None:
    where = "measure = 'merged_pull_requests' and quarter = '2026Q1'"
    columns = "bar, total, multiple, reason"
    assert multiple(built, "steady", columns, where) == [
        (None, None, None, "no pull request is known")
    ]


def test_each_measure(tmp_path: Path) -> None:
    history = History()
    repository = history.repository("all")
    for day, times in ((date(2025, 1, 1), 1), (date(2025, 4, 1), 1), (date(2025, 7, 1), 2)):
        for number in range(times):
            # a quarter of 90, 91 and 92 days: as many lines, so that each bar is 1 a change
            lines = {1: 90, 4: 91, 7: 92}[day.month]
            landed = repository.land(day, {"src/a.py": (2 * lines, lines)})
            repository.pull(day.month + number, [landed], landed)
    settings = {
        "baseline": "2025Q1..2025Q2",
        "cutoff": datetime(2025, 9, 30, 23, 59, tzinfo=UTC),
    }
    with history.build(tmp_path, **settings) as connection:
        found = multiple(connection, "all", "measure, total, bar, multiple", "quarter = '2025Q3'")
        baseline = (1 / 90 + 1 / 91) / 2
        assert found == [
            ("code_lines", 368, pytest.approx(4), pytest.approx(2)),
            ("landed_changes", 2, pytest.approx(2 / 92), pytest.approx(2 / 92 / baseline)),
            ("lines_alive_30_days", None, None, None),  # no lines were followed here
            ("lines_alive_90_days", None, None, None),
            ("merged_pull_requests", 2, pytest.approx(2 / 92), pytest.approx(2 / 92 / baseline)),
            ("net_lines", 184, pytest.approx(2), pytest.approx(2)),
        ]


def test_partial_quarter_is_measured_over_its_elapsed_days(tmp_path: Path) -> None:
    history = History()
    repository = history.repository("all")
    repository.land(date(2026, 1, 1), {"src/a.py": 45})
    repository.land(date(2026, 2, 14), {"src/a.py": 45})
    with history.build(tmp_path) as connection:
        assert multiple(
            connection, "all", "quarter, is_partial, days, bar", "measure = 'code_lines'"
        ) == [("2026Q1", True, 45, pytest.approx(2.0))]


@pytest.mark.parametrize(
    ("baseline", "label", "reason"),
    [
        ("default", "2025Q1 to 2025Q3", "too few contributors"),  # no quarter of the range
        ("auto", "2025Q1 to 2025Q3", "too few contributors"),
        ("2025Q2..2025Q3", "2025Q2 to 2025Q3", "too few contributors"),
        ("2025Q2..2025Q2", "2025Q2", "no baseline"),  # one quarter is too few
        ("2019Q1..2019Q4", None, "no baseline"),
    ],
)
def test_baseline_choice(tmp_path: Path, baseline: str, label: str | None, reason: str) -> None:
    history = History()
    repository = history.repository("all")
    steady(repository, date(2025, 1, 1), date(2026, 1, 7))
    # an indication alone does not end the baseline, a declaration does
    repository.land(date(2025, 5, 5), message="Write\n\n🤖 Generated with [Claude Code]")
    repository.land(date(2025, 11, 5), message=f"Write\n\n{CLAUDE}")
    with history.build(tmp_path, baseline=baseline) as connection:
        assert rows(connection, "select baseline_label from marts.report_facts") == [(label,)]
        where = "measure = 'code_lines' and quarter = '2025Q4'"
        assert multiple(connection, "all", "reason", where) == [(reason,)]


def test_auto_baseline_needs_a_model_finding(tmp_path: Path) -> None:
    history = History()
    steady(history.repository("all"), date(2025, 1, 1), date(2026, 1, 7))
    with history.build(tmp_path, baseline="auto") as connection:
        assert rows(connection, "select baseline_quarters from marts.report_facts") == [(0,)]


def test_baseline_below_zero_gives_no_multiple(tmp_path: Path) -> None:
    history = History()
    repository = history.repository("all")
    for month in (1, 4, 7):
        repository.land(date(2025, month, 1), {"src/a.py": (1, 100)})
    with history.build(tmp_path, baseline="2025Q1..2025Q2", cutoff=datetime(2025, 9, 30, 23)) as c:
        where = "measure = 'net_lines' and quarter = '2025Q3'"
        assert multiple(c, "all", "multiple, reason", where) == [
            (None, "baseline is not above zero")
        ]


def test_polars_has_loaded_numpy_before_estimates_run_side_by_side() -> None:
    # two threads in which it loads at the same moment are one too many: see flows/arrays.py
    code = """
import polars as pl
import numpy as np
import quarterdeck.flows.estimation
from polars import _dependencies

def refuse(name):
    raise AssertionError(f"loaded late: {name}")

_dependencies.import_module = refuse
assert pl.Series(np.zeros(2)).len() == 2
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
