"""The ladder of success, time to merge, reverts by quarter, review load, concentration."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import duckdb
import pytest
from sql_fixtures import CLAUDE, History, Repository, build_attribution, rows

CUTOFF = datetime(2026, 7, 1, 12, tzinfo=UTC)
MODEL = f"Write\n\n{CLAUDE}"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    history = History()
    _ladder(history.repository("ladder", default_branch="main"))
    _tiers(history.repository("tiers"))
    unlisted = history.repository("unlisted")
    unlisted.pull(1, None, unlisted.land(date(2026, 1, 5)), has_head=False)
    _crowd(history.repository("crowd"))
    fresh = history.repository("fresh")
    head = fresh.commit(date(2026, 6, 20), message=MODEL)
    fresh.pull(1, [head], fresh.land(date(2026, 6, 21), message=MODEL))
    fresh.pull(2, [fresh.commit(date(2026, 6, 25), message=MODEL)])
    fresh.pull(3, [fresh.commit(date(2026, 6, 20), message=MODEL)], fresh.land(date(2026, 6, 21)))
    _reviewed(history.repository("reviewed"))
    folder = tmp_path_factory.mktemp("success")
    with history.build(folder, cutoff=CUTOFF) as connection:
        yield connection


def _ladder(repository: Repository) -> None:
    """Pull requests of January by a model: one a day, each with its own fate."""
    january = [date(2026, 1, day) for day in range(1, 12)]
    lines = {"src/a.py": 10}
    heads = [repository.commit(day, lines, message=MODEL) for day in january]
    soon = timedelta(days=2)
    landed = {
        number: repository.land(january[number - 1] + soon, {} if number == 5 else lines)
        for number in (1, 2, 3, 4, 5, 8)
    }
    late = repository.land(date(2026, 2, 20), lines)
    undo = repository.land(
        date(2026, 2, 25), {"src/a.py": (0, 10)}, message=f"This reverts commit {landed[1]}."
    )
    back = repository.land(date(2026, 2, 28), {"src/a.py": (0, 5)})
    last = repository.land(
        date(2026, 3, 30), {"src/a.py": (0, 10)}, message=f"This reverts commit {landed[2]}."
    )
    quick = repository.land(
        date(2026, 4, 1), {"src/a.py": (0, 9)}, message=f"This reverts commit {landed[8]}."
    )
    # 1: reverted on day 53; 2: on day 85; 3: half of its lines live; 4: a line less; 5: no lines
    for number in (1, 2, 3, 4, 5, 8):
        repository.pull(number, [heads[number - 1]], landed[number])
    repository.pull(6, [heads[5]], late)  # on day 45
    repository.pull(7, [heads[6]])
    # 9 and 10: aimed at another branch, merged and not
    repository.pull(9, [heads[8]])
    repository.told(9, state="merged", base_branch="next", merged_at=january[8] + soon)
    repository.pull(10, [heads[9]])
    repository.told(10, state="closed", base_branch="next", closed_at=january[9] + soon)
    sooner = repository.land(date(2026, 4, 2), lines)
    out = repository.land(
        date(2026, 4, 20), {"src/a.py": (0, 10)}, message=f"This reverts commit {sooner}."
    )
    for number, day, became in ((11, date(2026, 4, 1), sooner), (12, date(2026, 5, 20), None)):
        repository.pull(number, [repository.commit(day, lines, message=MODEL)], became)
    ended = [
        (landed[1], undo, "deleted", 10),
        (landed[3], back, "deleted", 5),
        (landed[4], last, "deleted", 6),
        (landed[2], last, "deleted", 4),
        (landed[8], quick, "deleted", 9),
        (sooner, out, "deleted", 10),
    ]
    alive = [(landed[2], 6), (landed[3], 5), (landed[4], 4), (landed[8], 1), (late, 10)]
    repository.follow(ended, alive)


def _tiers(repository: Repository) -> None:
    """Four sizes, then what kind of work and missing source do to the largest."""
    many = {f"src/p{number % 10}/m{number}.py": 60 for number in range(20)}
    sizes = [
        ("Mend it", {"src/a.py": 5}),
        ("Mend more", {"src/a.py": 16}),
        (
            "Add it",
            {"src/a.py": 150, "src/b/b.py": 40, "src/b/c.py": 30, "tests/t.py": 10}
            | {f"src/c{number}/x.py": 1 for number in range(3)},
        ),
        ("Make it", many),
        ("chore: rename it", many),
        ("Test it", {f"tests/p{number % 10}/test_{number}.py": 60 for number in range(20)}),
        ("One file of a thousand lines", {"src/a.py": 1000}),
    ]
    for number, (title, files) in enumerate(sizes, start=1):
        repository.pull(number, [repository.commit(date(2026, 1, number), files, message=title)])
    # two commits to one file: it counts once, its lines twice
    twice = [repository.commit(date(2026, 1, 9), {"src/a.py": (5, 5)}) for _ in range(2)]
    repository.land(date(2026, 1, 1), {})
    repository.pull(9, twice)
    # its ref tells that it is open still
    told = datetime(2026, 2, 1, tzinfo=UTC)
    repository.told(9, state="open", created_at=date(2026, 1, 9), fetched_at=told)


def _crowd(repository: Repository) -> None:
    """Twelve people land changes of 1 to 12 lines; one's is reverted; half merge their requests."""
    people = [f"Person {number} <p{number}@harbour.test>" for number in range(1, 13)]
    landed = [
        repository.land(date(2026, 1, 5), {"src/a.py": number}, author=who)
        for number, who in enumerate(people, start=1)
    ]
    repository.land(
        date(2026, 1, 8),
        {"src/a.py": (0, 1)},
        people[0],
        message=f"This reverts commit {landed[0]}.",
    )
    for number, who in enumerate(people, start=1):
        head = repository.commit(date(2026, 2, 1), {"src/a.py": 1}, who)
        merged = repository.land(date(2026, 2, 1 + number), {}, who) if number <= 6 else None
        repository.pull(number, [head], merged)


def _reviewed(repository: Repository) -> None:
    for number in range(1, 5):
        landed = repository.land(date(2026, 1, 10), {"src/a.py": 1})
        repository.pull(number, [repository.commit(date(2026, 1, 9))], landed)
        if number < 4:
            repository.told(
                number,
                state="merged",
                author_login="ada",
                created_at=date(2026, 1, 9),
                merged_at=date(2026, 1, 10),
            )
    repository.review(1, "a", "ben", datetime(2026, 1, 9, 18, tzinfo=UTC))
    repository.review(1, "b", "cleo", datetime(2026, 1, 9, 20, tzinfo=UTC), state="commented")
    repository.review(1, "c", "Ada", datetime(2026, 1, 9, 13, tzinfo=UTC), state="commented")
    at = datetime(2026, 1, 9, 12, 5, tzinfo=UTC)
    repository.review(2, "d", "watch[bot]", at, reviewer_is_bot=False)
    repository.review(2, "e", "ben", datetime(2026, 1, 9, 12, 6, tzinfo=UTC), state="pending")
    repository.review(3, "f", "ben", CUTOFF + timedelta(hours=1))


def ladder(connection: duckdb.DuckDBPyConnection, number: int) -> tuple[object, ...]:
    (found,) = rows(
        connection,
        f"""select is_merged, is_not_reverted, is_alive from marts.pull_request_ladder
        where repository_id = 'ladder' and pull_request_number = {number}""",
    )
    return found


def test_each_rung_asks_for_those_before(built: duckdb.DuckDBPyConnection) -> None:
    assert ladder(built, 1) == (True, True, False)  # reverted after 30 days; its lines are gone
    assert ladder(built, 2) == (True, True, True)  # 4 of 10 lines went, on the 85th day
    assert ladder(built, 3) == (True, True, True)  # half of its lines
    assert ladder(built, 4) == (True, True, False)
    assert ladder(built, 5) == (True, True, True)  # no code line that could go
    assert ladder(built, 6) == (False, False, False)  # merged too late
    assert ladder(built, 7) == (False, False, False)
    assert ladder(built, 11) == (True, False, None)


def test_windows_that_have_not_elapsed_are_no_failures(built: duckdb.DuckDBPyConnection) -> None:
    assert ladder(built, 12) == (False, None, None)


def test_another_branch_has_no_part_in_what_happens_on_the_default_one(
    built: duckdb.DuckDBPyConnection,
) -> None:
    assert ladder(built, 9) == (True, None, None)
    assert ladder(built, 10) == (False, None, None)


def test_a_rebased_pull_request_is_judged_by_all_of_its_commits(tmp_path: Path) -> None:
    history = History()
    team = history.repository("team", default_branch="main")
    day, lines = date(2026, 1, 5), {"src/a.py": 10}
    landed: list[str] = []
    for number in (1, 2):
        titles = [f"Part {number}.{n}" for n in range(3)]
        own = [team.commit(day, lines, message=title) for title in titles]
        landed += [team.land(day, lines, message=title) for title in titles]
        team.pull(number, own, landed[-1], "rebased head")
    # of the first the last commit is undone, of the second the two others
    undone = {
        commit: team.land(
            date(2026, 1, 20), {"src/a.py": (0, 10)}, message=f"This reverts commit {commit}."
        )
        for commit in (landed[2], landed[3], landed[4])
    }
    ended = [(commit, by, "deleted", 10) for commit, by in undone.items()]
    team.follow(ended, [(landed[n], 10) for n in (0, 1, 5)])
    built = build_attribution(history, tmp_path, ["marts.pull_request_ladder"], cutoff=CUTOFF)
    found = rows(
        built,
        "select pull_request_number, is_merged, is_not_reverted, is_alive "
        "from marts.pull_request_ladder order by pull_request_number",
    )
    assert found == [(1, True, True, True), (2, True, False, False)]


def test_rates_of_the_ladder(built: duckdb.DuckDBPyConnection) -> None:
    found = rows(
        built,
        """select rung, pull_requests, trials, successes, round(rate, 6), step_trials,
            round(step_rate, 6), interval_method, reason
        from marts.success_ladder_quarterly
        where scope_name = 'ladder' and author_class = 'model' and agent = 'Claude Code'
            and quarter = '2026Q1' and tier = 'all' order by successes desc""",
    )
    assert found == [
        ("merged", 10, 10, 7, 0.7, 10, 0.7, "wilson", None),
        ("not reverted", 10, 8, 6, 0.75, 6, 1.0, "wilson", None),
        ("alive", 10, 8, 3, 0.375, 6, 0.5, "wilson", None),
    ]


def test_unmerged_ones_that_leave_no_trace_make_no_rate(built: duckdb.DuckDBPyConnection) -> None:
    found = rows(
        built,
        """select distinct pull_requests, trials, rate, reason from marts.success_ladder_quarterly
        where scope_name = 'unlisted' and rung = 'merged' and tier = 'all'""",
    )
    assert found == [(1, 0, None, "pull requests that were not merged are not known")]
    assert not rows(built, "from marts.merge_durations where scope_name = 'unlisted'")


def test_tiers(built: duckdb.DuckDBPyConnection) -> None:
    found = rows(
        built,
        """select pull_request_number, tier, code_lines, code_files from marts.pull_request_tiers
        where repository_id = 'tiers' order by 1""",
    )
    assert [row[1] for row in found] == [
        "trivial",
        "routine",
        "substantial",
        "open-ended",
        "routine",
        "routine",
        "routine",
        "routine",
    ]
    assert found[-1][2:] == (20, 1)


def test_people_are_drawn_and_few_of_them_have_no_interval(
    built: duckdb.DuckDBPyConnection,
) -> None:
    (crowd,) = rows(
        built,
        """select trials, successes, contributors, rate, rate_low < wilson_low - 0.2,
            interval_method, reason
        from marts.success_ladder_quarterly where scope_name = 'crowd'
            and author_class = 'undeclared' and rung = 'merged' and tier = 'all'""",
    )
    assert crowd == (12, 6, 12, 0.5, False, "cluster bootstrap", None)
    (alone,) = rows(
        built,
        """select rate, rate_low, wilson_low is not null, reason
        from marts.success_ladder_quarterly where scope_name = 'tiers'
            and author_class = 'undeclared' and rung = 'merged' and tier = 'all'""",
    )
    assert alone == (0.0, None, True, "no interval: fewer than 8 contributors")


def test_revert_rates(built: duckdb.DuckDBPyConnection) -> None:
    found = rows(
        built,
        """select landed_changes, reverts, trials, reverted, revert_rate, median_days_to_revert,
            interval_method from marts.revert_rates_quarterly
        where scope_name = 'crowd' and author_class = 'all'""",
    )
    assert found == [(19, 1, 18, 1, pytest.approx(1 / 18), 3.0, "cluster bootstrap")]


def test_time_to_merge_counts_those_that_never_are(built: duckdb.DuckDBPyConnection) -> None:
    found = rows(
        built,
        """select pull_requests, merged, merged_1_day, merged_7_days, median_days, median_days_low,
            median_days_high, reason from marts.time_to_merge_quarterly
        where scope_name = 'crowd' and author_class = 'all'""",
    )
    # six of twelve after 1 to 6 days, so the median is the sixth day; its upper end is open
    (row,) = found
    assert row[:5] == (12, 6, pytest.approx(1 / 12), pytest.approx(0.5), 6.0)
    assert 1.0 <= row[5] <= 6.0 and row[6:] == (None, "no upper end: the interval is open above")
    assert rows(
        built,
        """select days from marts.merge_durations
        where scope_name = 'tiers' and author_class = 'all' and pull_request_number = 9""",
    ) == [(173.0,)]
    assert rows(
        built,
        """select median_days, reason from marts.time_to_merge_quarterly
        where scope_name = 'tiers' and author_class = 'all'""",
    ) == [(None, "half were not merged")]


def test_shares_that_nobody_waited_for_say_so(built: duckdb.DuckDBPyConnection) -> None:
    assert rows(
        built,
        """select merged_1_day, merged_30_days, median_days, reason
        from marts.time_to_merge_quarterly
        where scope_name = 'fresh' and author_class = 'model'""",
    ) == [(pytest.approx(2 / 3), None, 1.0, "not watched for 30 days yet")]


def test_review_load(built: duckdb.DuckDBPyConnection) -> None:
    found = rows(
        built,
        """select merged_pull_requests, told_pull_requests, human_reviews, bot_reviews, reviewers,
            without_review, without_human_review, median_hours_to_review, reason
        from marts.review_load_quarterly where scope_name = 'reviewed' and author_class = 'all'""",
    )
    # an author's own comment and a pending review are none; of one nothing is told
    partly = "of some pull requests alone are reviews told"
    assert found == [(4, 3, 2, 1, 2, 1, 2, 6.0, partly)]
    unknown = rows(
        built,
        """select distinct human_reviews, reviewers, unreviewed_share, reason
        from marts.review_load_quarterly where scope_name = 'crowd'""",
    )
    assert unknown == [(None, None, None, "no forge or file told of reviews")]


def test_concentration(built: duckdb.DuckDBPyConnection) -> None:
    found = rows(
        built,
        """select contributors, code_lines, top_contributors, top_tenth_share, gini,
            effective_contributors, reason
        from marts.concentration_quarterly where scope_name = 'crowd'""",
    )
    # 1 to 12: the top two of twelve have 23 of 78; squares add up to 650
    assert found == [
        (12, 78.0, 2, pytest.approx(23 / 78), pytest.approx(143 / 468), pytest.approx(9.36), None)
    ]
    assert rows(
        built,
        """select top_tenth_share, gini, effective_contributors, reason
        from marts.concentration_quarterly where scope_name = 'reviewed'""",
    ) == [(None, None, None, "fewer than 10 contributors")]
