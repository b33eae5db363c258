"""Each trace adds up to the number that it explains, in every scope and quarter."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import duckdb
import pytest
from sql_fixtures import ADA, BEN, BOT, CLAUDE, CLEO, History, days, rows

CUTOFF = datetime(2025, 11, 20, 9, 30, tzinfo=UTC)
TEAMS = [
    {
        "name": "Crane",
        "members": ["ada@harbour.test", {"who": "Ben Okafor", "to": date(2025, 6, 1)}],
    },
    {"name": "Quay", "members": ["ben@harbour.test"], "repositories": ["harbour-web"]},
]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    """Two repositories; every third change is a model's, every seventh is reverted."""
    history = History()
    for name, step in (("harbour-api", 5), ("harbour-web", 9)):
        repository = history.repository(name)
        ended, alive = [], []
        for number, day in enumerate(days(date(2025, 5, 2), 250 // step, step), start=1):
            author = (ADA, BEN, CLEO, BOT)[number % 4]
            message = f"Write {number}\n\n{CLAUDE if number % 3 == 0 else ''}"
            head = repository.commit(day, {"src/a.py": number}, author, message=message)
            repository.pull(number, [head])
            repository.told(number, state="open", created_at=day, author_login="ada")
            if number % 5 == 0:
                continue
            merged = day + timedelta(days=number % 40)
            landed = repository.land(merged, {"src/a.py": number}, author, message=message)
            repository.rows["pull_requests"][-1] |= {
                "landed_commit_id": landed,
                "landed_by": "subject number",
            }
            repository.rows["forge_pull_requests"][-1] |= {
                "state": "merged",
                "merged_at": datetime(merged.year, merged.month, merged.day, 12, tzinfo=UTC),
            }
            if number % 2:
                repository.review(number, f"{name} {number}", "ben", merged)
            dead = 0
            if number % 7 == 0:
                undo = repository.land(
                    merged + timedelta(days=3),
                    {"src/a.py": (0, number)},
                    author,
                    message=f"This reverts commit {landed}.",
                )
                dead = number
                ended.append((landed, undo, "deleted", dead))
            alive.append((landed, number - dead))
        repository.follow(ended, alive)
    folder = tmp_path_factory.mktemp("traces")
    settings = {"cutoff": CUTOFF, "teams": TEAMS, "time_zone": "Asia/Kathmandu"}
    with history.build(folder, fiscal_year_start=2, baseline="2025Q1..2025Q4", **settings) as made:
        yield made


#: Of each trace: the table it explains, what is left out of it, and pairs of a column there and
#: what the rows add up to.
TRACES = {
    "trace_multiple": (
        "multiples",
        "measure = 'code_lines'",
        {
            "total": "sum(capped_units)",
            "uncapped_total": "sum(units)",
            "landed_changes": "count(*)",
        },
    ),
    "trace_bars": ("multiples", "measure = 'code_lines'", {"bar": "avg(rate)", "days": "count(*)"}),
    "trace_active_contributors": (
        "multiples",
        "measure = 'code_lines'",
        {"active_contributors": "sum(active_days) / any_value(days)"},
    ),
    "trace_model_share": (
        "authorship_quarterly",
        "true",
        {"model_lines": "sum(model_lines)", "landed_changes": "count(*)"},
    ),
    "trace_merge_success": (
        "merge_success_quarterly",
        "true",
        {
            "pull_requests": "count(*)",
            "mature_pull_requests": "count(*) filter (is_mature)",
            "merged": "count(*) filter (is_success)",
        },
    ),
    "trace_success_ladder": (
        "success_ladder_quarterly",
        "rung = 'not reverted' and agent = 'all' and tier = 'all'",
        {
            "trials": "count(is_not_reverted)",
            "successes": "count(*) filter (is_not_reverted)",
            "step_trials": "count(*) filter (is_not_reverted is not null and is_merged)",
        },
    ),
    "trace_time_to_merge": (
        "time_to_merge_quarterly",
        "true",
        {"pull_requests": "count(*)", "merged": "count(*) filter (is_merged)"},
    ),
    "trace_reverts": (
        "revert_rates_quarterly",
        "true",
        {
            "landed_changes": "count(*)",
            "reverts": "count(*) filter (is_revert)",
            "trials": "count(*) filter (is_trial)",
            "reverted": "count(*) filter (is_reverted)",
            "median_days_to_revert": "median(days_to_revert) filter (is_reverted)",
        },
    ),
    "trace_reviews": (
        "review_load_quarterly",
        "true",
        {
            "merged_pull_requests": "count(*)",
            "told_pull_requests": "count(*) filter (are_reviews_told)",
            "human_reviews": "sum(human_reviews)",
            "bot_reviews": "sum(bot_reviews)",
        },
    ),
    "trace_survival": (
        "survival_cohorts",
        "churn30 is not null",
        {
            "lines_written": "sum({share} * lines_written)",
            "lines_died_30_days": "sum({share} * lines_died_30_days)",
        },
    ),
}


@pytest.mark.parametrize("trace", TRACES)
def test_a_trace_adds_up_to_its_number(built: duckdb.DuckDBPyConnection, trace: str) -> None:
    table, where, sums = TRACES[trace]
    has_class = bool(
        rows(
            built,
            f"""select 1 from duckdb_columns()
            where table_name = '{table}' and column_name = 'author_class'""",
        )
    )
    author_class = "author_class" if has_class else "null"
    where += " and author_class in ('all', 'model')" if has_class else ""
    numbers = rows(
        built,
        f"""select scope, scope_name, {author_class}, quarter, {", ".join(sums)}
        from marts.{table} where {where} order by all""",
    )
    seen = set()
    for scope, name, of_class, quarter, *wanted in numbers:
        share = "1" if of_class in (None, "all") else f"{of_class}_share"
        added = ", ".join(sums.values()).format(share=share)
        chosen = f", for_class := '{of_class}'" if of_class and table != "survival_cohorts" else ""
        found = rows(
            built,
            f"""select {added} from {trace}('{quarter.lower().replace("q", "-q")}',
            for_scope := '{scope}', for_name := '{name}'{chosen})""",
        )
        assert list(found[0]) == pytest.approx(wanted), (scope, name, of_class, quarter)
        seen.add(scope)
    assert seen == {"organisation", "repository", "team"}


def test_every_trace_is_held_to_its_number(built: duckdb.DuckDBPyConnection) -> None:
    found = rows(
        built,
        """select distinct function_name from duckdb_functions()
        where not internal and function_type = 'table_macro'""",
    )
    assert {name for (name,) in found} == set(TRACES)
