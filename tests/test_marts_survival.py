"""Survival of code lines: windows, censoring, classes, intervals, and why something is missing."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sql_fixtures import BOT, CLAUDE, History, build_attribution, days, rows

from quarterdeck.flows.survival import survival_curves

START = date(2024, 1, 1)
AT_END = datetime(2024, 12, 31, 12, tzinfo=UTC)
MODEL = f"Write\n\n{CLAUDE}"


def after(number: int) -> date:
    return START + timedelta(days=number)


def cohort(connection: Any, columns: str, author_class: str = "all") -> list[tuple[Any, ...]]:
    return rows(
        connection,
        f"""select {columns} from marts.survival_cohorts
        where scope = 'organisation' and author_class = '{author_class}' order by quarter_start""",
    )


def curve(connection: Any, columns: str, where: str = "author_class = 'all'") -> list[Any]:
    return rows(
        connection,
        f"""select {columns} from marts.survival_curves
        where scope = 'organisation' and {where} order by age_days""",
    )


def test_windows_and_censoring(tmp_path: Path) -> None:
    """Ends at 14 and 15 days, lost lines, lines that were not code, and an end past the cut-off."""
    history = History()
    repository = history.repository()
    first = repository.land(START, {"src/a.py": 100, "README.md": 50})
    at_14 = repository.land(after(14), {"src/a.py": (0, 10)})
    at_15 = repository.land(after(15), {"src/a.py": (0, 20)})
    lost = repository.land(after(20), {})
    late = repository.land(date(2025, 1, 5), {"src/a.py": (7, 30)})
    repository.follow(
        [
            (first, at_14, "deleted", 10),
            (first, at_15, "deleted", 20),
            (first, late, "deleted", 30),
        ],
        [(first, 40), (late, 7)],
    )
    repository.rows["line_deaths"].append(
        repository.rows["line_deaths"][0] | {"death_commit_id": lost, "fate": "lost", "lines": 5}
    )
    docs = {"birth_path": "README.md", "origin_path": "README.md", "first_line": 9, "lines": 50}
    repository.rows["line_runs"][0]["lines"] = 35
    repository.rows["line_runs"].append(repository.rows["line_runs"][0] | docs)
    for change in repository.rows["line_changes"]:
        change["lost"] = 5 if change["commit_id"] == lost else 0
        change["alive"] -= 5 if change["commit_id"] in (lost, late) else 0
    with history.build(tmp_path, cutoff=AT_END) as connection:
        assert rows(
            connection,
            """select fate, is_death, duration_days, lines, death_commit_id is null
            from marts.line_lives order by duration_days, fate""",
        ) == [
            ("deleted", True, 14, 10, False),
            ("deleted", True, 15, 20, False),
            ("lost", False, 20, 5, False),
            ("alive", False, 365, 65, True),
        ]
        assert cohort(
            connection,
            """lines_written, lines_died_14_days, lines_died_30_days, lines_alive_30_days,
            churn14, churn30, followed_share""",
        ) == [(100, 10, 30, 65, 0.1, pytest.approx(30 / 95), 1)]
        assert rows(
            connection,
            "select issue, affected, total from marts.data_quality where issue like 'lines%'",
        ) == [("lines whose end is not known", 5, 157)]


def test_a_cohort_that_is_too_young_has_no_churn(tmp_path: Path) -> None:
    history = History()
    repository = history.repository()
    old = repository.land(date(2024, 3, 1), {"src/a.py": 10})
    new = repository.land(date(2024, 9, 1), {"src/a.py": 10})
    repository.follow([], [(old, 10), (new, 10)])
    cutoff = datetime(2024, 10, 31, 12, tzinfo=UTC)
    with history.build(tmp_path, cutoff=cutoff) as connection:
        columns = "quarter, churn14, churn30, alive_share_90_days, reason_14_days, reason_90_days"
        assert cohort(connection, columns) == [
            ("2024Q1", 0, 0, 1, None, None),
            ("2024Q3", 0, 0, None, None, "window not elapsed"),
        ]
        assert rows(
            connection,
            """select lines_died_30_days, lines_died_90_days from marts.change_survival
            order by age_days""",
        ) == [(0, None), (0, 0)]


def test_lines_that_were_not_followed_are_missing_and_not_zero(tmp_path: Path) -> None:
    history = History()
    followed, other = history.repository(), history.repository("tide-tables")
    first = followed.land(START, {"src/a.py": 10})
    followed.follow([], [(first, 10)])
    other.land(START, {"src/a.py": 30})
    with history.build(tmp_path, cutoff=AT_END) as connection:
        assert cohort(connection, "followed_share, lines_written, churn30") == [(0.25, 10, 0)]
        assert rows(
            connection,
            """select churn30, lines_written, reason_30_days from marts.survival_cohorts
            where scope_name = 'tide-tables' and author_class = 'all'""",
        ) == [(None, None, "lines were not followed")]
        assert rows(
            connection,
            """select distinct scope_name, reason from marts.multiples
            where measure = 'lines_alive_30_days' and quarter = '2024Q1' order by 1""",
        ) == [
            ("Harbour", "lines were not followed"),
            ("harbour-api", "too few contributors"),
            ("tide-tables", "lines were not followed"),
        ]
        assert rows(
            connection,
            "select distinct scope_name from marts.survival_curves order by 1",
        ) == [("Harbour",), ("harbour-api",)]


def test_a_checkpoint_that_is_not_at_the_tip_says_nothing(tmp_path: Path) -> None:
    history = History()
    repository = history.repository()
    first = repository.land(START, {"src/a.py": 10})
    repository.follow([], [(first, 10)])
    repository.land(after(1), {"src/a.py": 5})
    history.rows["repositories"][0]["tip_commit_id"] = repository.chain[-1]
    with history.build(tmp_path, cutoff=AT_END) as connection:
        assert rows(connection, "from staging.line_lives") == []
        assert cohort(connection, "followed_share, lines_written") == [(0, None)]


def test_lines_of_unknown_birth_and_excluded_changes_are_left_out(tmp_path: Path) -> None:
    history = History()
    repository = history.repository(is_shallow=True)
    repository.land(START, has_diff=False)
    second = repository.land(after(3), {"src/a.py": (5, 2)})
    imported = repository.land(after(4), {"src/a.py": 70})
    repository.follow([(None, second, "deleted", 2)], [(second, 5), (imported, 70)])
    repository.rows["line_runs"].append(
        repository.rows["line_runs"][0]
        | {"birth_commit_id": None, "origin_commit_id": None, "lines": 8, "first_line": 5}
        | {"birth_path": None, "origin_path": None}
    )
    for change, alive in zip(repository.rows["line_changes"], (10, 13, 83), strict=True):
        change["alive"] = alive
    excluded = [{"commit": imported, "reason": "imported"}]
    with history.build(tmp_path, cutoff=AT_END, exclusions=excluded) as connection:
        assert rows(connection, "select commit_id, lines from marts.line_lives") == [(second, 5)]
        assert cohort(connection, "lines_written, code_lines") == [(5, 5)]
        assert rows(
            connection,
            "select issue, affected, total from marts.data_quality where issue like '%lines w%'",
        ) == [
            ("code lines without evidence of who wrote them", 75, 75),
            ("landed changes whose lines were not followed", 1, 3),
            ("lines whose birth is not known", 10, 85),
        ]


def test_lines_count_by_the_shares_of_the_change_that_wrote_them(tmp_path: Path) -> None:
    history = History()
    repository = history.repository()
    own = [
        repository.commit(START, {"src/a.py": 30}, message=MODEL),
        repository.commit(START, {"src/a.py": 10}),
    ]
    merge = repository.land(START, {"src/a.py": 40}, brings=own)
    bot = repository.land(after(1), {"src/a.py": 6}, BOT)
    end = repository.land(after(10), {"src/a.py": (0, 8)})
    repository.follow([(merge, end, "deleted", 8)], [(merge, 32), (bot, 6)])
    with history.build(tmp_path, cutoff=AT_END) as connection:
        for name, written, churn in (
            ("all", 46, 8 / 46), ("model", 30, 0.2), ("undeclared", 10, 0.2), ("automation", 6, 0),
        ):  # fmt: skip
            found = cohort(connection, "lines_written, churn14, landed_changes", name)
            assert found == [(written, pytest.approx(churn), 2 if name == "all" else 1)]
        found = curve(connection, "lines, survival", "author_class = 'model' and age_days = 14")
        assert set(found) == {(30, 0.8)}


def test_a_curve_ends_where_the_lines_were_followed_to(tmp_path: Path) -> None:
    history = History()
    repository = history.repository()
    first = repository.land(START, {"src/a.py": 10})
    end = repository.land(after(100), {"src/a.py": (0, 4)})
    repository.follow([(first, end, "deleted", 4)], [(first, 6)])
    with history.build(tmp_path, cutoff=AT_END) as connection:
        found = curve(connection, "age_days, at_risk, survival, reason")
        assert found[:2] == [
            (0, 10, 1, "too few contributors"),
            (7, 10, 1, "too few contributors"),
        ]
        assert found[6][:3] == (180, 6, 0.6)
        assert found[7][:3] == (365, 6, 0.6)
        assert found[8] == (730, 0, None, "no line was followed that long")
        assert rows(
            connection,
            "select half_life_days, reason from marts.half_lives where scope_name = 'Harbour'",
        )[0] == (None, "more than half of the lines live as far as they were followed")


def test_classes_are_compared_over_the_quarters_that_both_have(tmp_path: Path) -> None:
    history = History()
    repository = history.repository()
    alone = repository.land(date(2023, 8, 1), {"src/a.py": 50})  # undeclared, no model near
    beside = repository.land(START, {"src/a.py": 20})
    model = repository.land(after(1), {"src/a.py": 10}, message=MODEL)
    end = repository.land(after(20), {"src/a.py": (0, 45)})
    repository.follow(
        [(alone, end, "deleted", 40), (beside, end, "deleted", 5)],
        [(alone, 10), (beside, 15), (model, 10)],
    )
    with history.build(tmp_path, cutoff=AT_END) as connection:
        where = "age_days = 30 and author_class = 'undeclared' and matched_with"
        assert curve(connection, "lines, survival", f"{where} = 'model'") == [(20, 0.75)]
        assert curve(connection, "lines", f"{where} is null") == [(70,)]
        where = "age_days = 30 and author_class = 'model' and matched_with"
        assert curve(connection, "lines, survival", f"{where} = 'undeclared'") == [(10, 1)]
        assert curve(connection, "lines", f"{where} = 'human'") == []


def test_eight_contributors_have_an_interval(tmp_path: Path) -> None:
    history = History()
    repository = history.repository()
    people = [f"Person {n} <p{n}@harbour.test>" for n in range(8)]
    born = [
        repository.land(day, {"src/a.py": 10}, people[n]) for n, day in enumerate(days(START, 8))
    ]
    ends = [repository.land(after(40), {"src/a.py": (0, 16)})]
    repository.follow(
        [(by, ends[0], "deleted", 4 * (n % 2)) for n, by in enumerate(born) if n % 2],
        [(by, 10 - 4 * (n % 2)) for n, by in enumerate(born)],
    )
    with history.build(tmp_path, cutoff=AT_END) as connection:
        ((contributors, survival, low, high, reason),) = curve(
            connection,
            "contributors, survival, survival_low, survival_high, reason",
            "author_class = 'all' and age_days = 90",
        )
        assert (contributors, survival, reason) == (8, pytest.approx(0.8), None)
        assert 0.4 < low < 0.75 and 0.85 < high < 1
        assert curve(connection, "reason", "author_class = 'all' and age_days = 7") == [
            ("no interval: no line had died",)
        ]


def test_surviving_lines_beside_the_multiple(tmp_path: Path) -> None:
    """Capped by change, measured only once a quarter is old enough, against its own baseline."""
    history = History()
    repository = history.repository()
    ended: list[tuple[str | None, str, str, int]] = []
    alive: list[tuple[str | None, int]] = []
    for day in days(date(2022, 1, 1), 365):
        by = repository.land(day, {"src/a.py": 10})
        alive.append((by, 10))
    giant = repository.land(date(2023, 1, 1), {"src/a.py": 1_000})
    brief = repository.land(date(2023, 1, 2), {"src/a.py": 50})
    end = repository.land(date(2023, 1, 20), {"src/a.py": (0, 45)})
    ended.append((brief, end, "deleted", 45))
    repository.follow(ended, [*alive, (giant, 1_000), (brief, 5)])
    cutoff = datetime(2023, 5, 15, 12, tzinfo=UTC)
    with history.build(tmp_path, cutoff=cutoff, baseline="2022Q1..2022Q4") as connection:
        found = rows(
            connection,
            """select measure, quarter, uncapped_total, total, cap_lines, multiple is null, reason
            from marts.multiples
            where scope = 'organisation' and quarter >= '2023Q1' and measure like '%lines%'
                and measure != 'net_lines'
            order by quarter, measure""",
        )
        assert [row[:6] for row in found] == [
            ("code_lines", "2023Q1", 1_050, 20, 10, False),
            ("lines_alive_30_days", "2023Q1", 1_005, 15, 10, False),
            ("lines_alive_90_days", "2023Q1", None, None, 10, True),
            ("code_lines", "2023Q2", 0, 0, 10, False),
            ("lines_alive_30_days", "2023Q2", None, None, 10, True),
            ("lines_alive_90_days", "2023Q2", None, None, 10, True),
        ]
        assert found[2][6] == "window not elapsed"
        assert found[4][6] == "window not elapsed"
        assert rows(
            connection,
            """select distinct bar, multiple from marts.multiples
            where scope = 'organisation' and quarter = '2022Q3'
                and measure in ('code_lines', 'lines_alive_30_days', 'lines_alive_90_days')""",
        ) == [(pytest.approx(10), pytest.approx(1))]


def test_changes_of_bots_add_no_contributor(tmp_path: Path) -> None:
    history = History()
    repository = history.repository()
    own = repository.land(date(2025, 1, 5), {"src/a.py": 10})
    bots = [repository.land(date(2025, 1, day), {"src/a.py": 10}, BOT) for day in (6, 7)]
    repository.land(date(2025, 8, 1), {"docs/a.md": 1})
    repository.follow([], [(commit_id, 10) for commit_id in (own, *bots)])
    with build_attribution(history, tmp_path, ("marts.line_lives", "marts.scope_changes")) as found:
        curves = survival_curves(found).filter(
            scope="organisation", author_class="all", age_days=90
        )
    assert curves.select("landed_changes", "contributors").rows() == [(3, 1)]
