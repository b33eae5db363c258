"""Companions of the multiple: fixed sets, rate and mix, months and weeks, trends, tracing."""

from collections.abc import Iterator
from datetime import UTC, date, datetime

import duckdb
import pytest
from sql_fixtures import BOT, History, days, rows

PEOPLE = [f"Person {number} <person{number}@harbour.test>" for number in range(12)]
CUTOFF = datetime(2025, 8, 15, 23, 59, tzinfo=UTC)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    history = History()
    old, other = history.repository("old"), history.repository("other")
    for number, day in enumerate(days(date(2023, 1, 1), 958, 2)):
        size = 10 + number % 7
        if day >= date(2025, 1, 1):
            size = round(size * 2 ** ((day - date(2025, 1, 1)).days / 91))
        # the last two join in 2025, and work elsewhere
        author = PEOPLE[number % (10 if day < date(2025, 1, 1) else 12)]
        (other if number % 12 > 9 and day.year == 2025 else old).land(
            day, {"src/a.py": size}, author
        )
    bots = history.repository("bots")
    bots.land(date(2025, 2, 1), {"src/a.py": 80}, BOT)
    folder = tmp_path_factory.mktemp("companions")
    with history.build(folder, baseline="2023Q1..2024Q4", cutoff=CUTOFF) as connection:
        yield connection


def test_a_fixed_set_of_everybody_is_the_multiple_with_its_interval(
    built: duckdb.DuckDBPyConnection,
) -> None:
    columns = "multiple, multiple_low, multiple_high, reason"
    query = f"""
        select {columns} from {{}}
        where scope = 'repository' and scope_name = 'old' and quarter_start = '2025-01-01'
    """
    (fixed,) = rows(built, query.format("marts.fixed_set_multiples"))
    (multiple,) = rows(built, query.format("marts.multiples") + " and measure = 'code_lines'")
    assert (fixed[0], fixed[3]) == (multiple[0], None)
    # from fewer draws of the same contributors
    assert fixed[1:3] == pytest.approx(multiple[1:3], rel=0.02) and fixed[1] < fixed[0] < fixed[2]
    assert rows(
        built,
        """select members, contributors from marts.fixed_set_multiples
        where scope = 'organisation' and quarter_start = '2025-04-01'
        order by group_kind""",
    ) == [(10, 10), (1, 10)]


def test_quarters_of_the_baseline_have_no_fixed_set(built: duckdb.DuckDBPyConnection) -> None:
    found = rows(
        built,
        """select distinct multiple, reason from marts.fixed_set_multiples
        where quarter_start < '2025-01-01'""",
    )
    assert (None, "quarter of the baseline") in found
    assert all(multiple is None and reason for multiple, reason in found)


def test_what_automation_lands_where_nobody_is_active_is_neither_rate_nor_mix(
    built: duckdb.DuckDBPyConnection,
) -> None:
    ((other, contribution),) = rows(
        built,
        """select other_effect, contribution from marts.rate_and_mix
        join marts.repository_rates using (quarter_start)
        where quarter_start = '2025-01-01' and repository_id = 'bots'""",
    )
    assert other == pytest.approx(contribution) and other > 0


def test_months_and_weeks_add_up_to_the_quarters(built: duckdb.DuckDBPyConnection) -> None:
    where = "scope = 'organisation' and measure = 'code_lines'"
    ((quarters,),) = rows(built, f"select sum(total) from marts.multiples where {where}")
    for grain in ("month", "week"):
        periods = f"from marts.period_bars where {where} and grain = '{grain}'"
        assert rows(built, f"select sum(total), sum(days) {periods}") == [(quarters, 958)]
        last = f"select period, is_partial, is_whole, days {periods} order by period desc limit 1"
        wanted = {"month": ("2025-08", True, False, 15), "week": ("2025-W33", True, False, 5)}
        assert rows(built, last) == [wanted[grain]]
    first = f"from marts.period_bars where {where} and grain = 'week' order by period_start limit 1"
    assert rows(built, f"select period, is_partial, is_whole, days {first}") == [
        ("2022-W52", False, False, 1)
    ]


def test_trends_say_what_is_not_established_and_why(built: duckdb.DuckDBPyConnection) -> None:
    found = rows(
        built,
        """select grain, with_partial, points, acceleration, acceleration_reason,
            doubling_months between 2 and 5
        from marts.trends
        where scope = 'organisation' and measure = 'code_lines'
        order by all""",
    )
    assert [row[:4] for row in found] == [
        ("month", False, 7, "not established"),
        ("month", True, 8, "not established"),
        ("quarter", False, 2, "too few quarters"),
        ("quarter", True, 3, "too few quarters"),
    ]
    assert all(row[4] for row in found)
    assert [row[5] for row in found] == [True, True, None, True]
    silent = rows(
        built,
        """select * from marts.trends
        where doubling_months is null and doubling_reason is null
            or acceleration != 'established' and acceleration_reason is null""",
    )
    assert silent == []


def test_tracing_leads_to_the_rows_that_make_the_number(
    built: duckdb.DuckDBPyConnection,
) -> None:
    ((bar, total, active, days_measured),) = rows(
        built,
        """select bar, total, active_contributors, days from marts.multiples
        where scope = 'organisation' and measure = 'code_lines' and quarter = '2025Q2'""",
    )
    for name in ("2025-Q2", "2025q2", " 2025Q2 "):
        assert rows(built, f"select sum(capped_units) from trace_multiple('{name}')") == [(total,)]
    assert rows(built, "select avg(rate) from trace_bars('2025Q2')") == [(pytest.approx(bar),)]
    people = "select sum(active_days) / any_value(days) from trace_active_contributors('2025Q2')"
    assert rows(built, people) == [(pytest.approx(active),)]
    assert days_measured == 91
    lines = """
        select sum(undeclared_lines), any_value(totals.undeclared_lines)
        from trace_model_share('2025-Q2', for_scope := 'repository', for_name := 'old') as traced
        join marts.authorship_quarterly as totals using (scope, scope_name, quarter)
    """
    ((traced, wanted),) = rows(built, lines.replace("sum(und", "sum(traced.und"))
    assert traced == wanted > 0
    one = "from trace_multiple('2025Q2', for_scope := 'repository', for_name := 'other')"
    assert rows(built, f"select distinct repository_id {one}") == [("other",)]
