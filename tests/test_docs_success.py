"""The worked examples of success, reverts, waiting, reviews and concentration are recomputed."""

from collections.abc import Iterator
from datetime import UTC, date, datetime

import duckdb
import pytest
from sql_fixtures import CLAUDE, History, Repository, rows
from test_docs_measures import columns, example, numbers

LINES = {"src/a.py": 10}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    history = History()
    _ladder(history.repository("ladder"))
    reverts = history.repository("reverts")
    for row in example("reverted changes"):
        back = {"src/a.py": (0, 10)} if row["message"].startswith("Revert") else LINES
        reverts.land(date.fromisoformat(row["landed"]), back, message=row["message"])
    waiting = history.repository("waiting")
    waiting.land(date(2025, 12, 1), {})
    for row in example("waiting pull requests"):
        head = waiting.commit(date.fromisoformat(row["first commit"]), LINES)
        landed = waiting.land(date.fromisoformat(row["landed"]), LINES) if row["landed"] else None
        waiting.pull(int(row["number"]), [head], landed)
    _reviews(history.repository("reviews"))
    crowd = history.repository("crowd")
    for number in range(1, 13):
        who = f"Person {number} <p{number}@harbour.test>"
        crowd.land(date(2026, 1, 5), {"src/a.py": number}, who)
    folder = tmp_path_factory.mktemp("docs-success")
    with history.build(folder, cutoff=datetime(2026, 7, 1, 12, tzinfo=UTC)) as connection:
        yield connection


def _ladder(repository: Repository) -> None:
    repository.land(date(2025, 12, 1), {})
    ended: list[tuple[str | None, str, str, int]] = []
    alive: list[tuple[str | None, int]] = []
    for row in example("ladder pull requests"):
        head = repository.commit(
            date.fromisoformat(row["first commit"]), LINES, message=f"Write\n\n{CLAUDE}"
        )
        landed = None
        if row["landed"]:
            landed = repository.land(date.fromisoformat(row["landed"]), LINES)
            dead = int(row["lines dead by 90 days"])
            if dead:
                day = date.fromisoformat(row["reverted"] or "2026-01-20")
                said = f"This reverts commit {landed}." if row["reverted"] else "Rework"
                end = repository.land(day, {"src/a.py": (0, dead)}, message=said)
                ended.append((landed, end, "deleted", dead))
            if dead < 10:
                alive.append((landed, 10 - dead))
        repository.pull(int(row["number"]), [head], landed)
    repository.follow(ended, alive)


def _reviews(repository: Repository) -> None:
    table = example("reviews")
    for number in sorted({int(row["number"]) for row in table}):
        landed = repository.land(date(2026, 1, 10), LINES)
        repository.pull(number, [repository.commit(date(2026, 1, 9), LINES)], landed)
        times = {"created_at": date(2026, 1, 9), "merged_at": date(2026, 1, 10)}
        repository.told(number, state="merged", author_login="ada", **times)
    for at, row in enumerate(table):
        if row["by"]:
            when = datetime.fromisoformat(row["at"])
            repository.review(int(row["number"]), f"r{at}", row["by"], when)


@pytest.mark.parametrize(
    ("name", "table", "condition"),
    [
        ("ladder", "success_ladder_quarterly", "author_class = 'model' and agent = 'all'"),
        ("revert rate", "revert_rates_quarterly", "author_class = 'all'"),
        ("time to merge", "time_to_merge_quarterly", "author_class = 'all'"),
        ("review load", "review_load_quarterly", "author_class = 'all'"),
        ("concentration", "concentration_quarterly", "true"),
    ],
)
def test_worked_example(
    built: duckdb.DuckDBPyConnection, name: str, table: str, condition: str
) -> None:
    scope = {"revert rate": "reverts", "time to merge": "waiting", "review load": "reviews"}
    place = scope.get(name, "crowd" if name == "concentration" else name)
    tier = "and tier = 'all' order by successes desc" if name == "ladder" else ""
    wanted = example(name)
    found = rows(
        built,
        f"""select {columns(wanted)} from marts.{table}
        where scope_name = '{place}' and {condition} {tier}""",
    )
    assert found == numbers(wanted)
