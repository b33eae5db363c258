"""The choices of the multiple: what each preset and setting counts, and fiscal quarters."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from sql_fixtures import ADA, BOT, CLEO, History, rows


def history() -> History:
    """A change by Ada, one by a bot, and a merge by Cleo of a commit by each of the two."""
    made = History()
    repository = made.repository()
    day = date(2024, 2, 5)
    repository.land(date(2023, 1, 2), {"src/a.py": 1})
    repository.land(day, {"src/a.py": (30, 10), "docs/a.md": (5, 2)}, ADA)
    repository.land(day, {"src/a.py": 50}, BOT)
    brought = [
        repository.commit(day, {"src/b.py": (20, 5)}, ADA),
        repository.commit(day, {"src/c.py": (7, 1)}, BOT),
    ]
    repository.land(day, {"src/b.py": (20, 5), "src/c.py": (7, 1)}, CLEO, brings=brought)
    return made


@pytest.mark.parametrize(
    ("settings", "counted", "total"),
    [
        ({}, 3, 30 + 50 + 27),
        ({"preset": "openai-2026"}, 2, 40 + 25),
        # the merge is Ada's: she wrote most of it
        ({"multiple": {"lines": "net", "classes": ["docs"], "authors": "human"}}, 2, 5 - 2),
    ],
    ids=["anthropic-2026", "openai-2026", "own choices"],
)
def test_what_counts(tmp_path: Path, settings: dict[str, Any], counted: int, total: int) -> None:
    with history().build(tmp_path, fiscal_year_start=2, **settings) as connection:
        found = rows(
            connection,
            """select quarter, quarter_start, landed_changes, uncapped_total from marts.multiples
            where scope = 'repository' and measure = 'code_lines' and uncapped_total > 1""",
        )
        assert found == [("FY2025Q1", date(2024, 2, 1), counted, total)]
        traced = rows(
            connection,
            """select count(*), sum(units)
            from trace_multiple('FY2025-Q1', for_scope := 'repository')""",
        )
        assert traced == [(counted, total)]
        told = rows(connection, "select counted_unit, authors, preset from marts.report_facts")
    unit = "commits" if settings.get("preset") else "landed changes"
    authors = settings.get("multiple", {}).get(
        "authors", "without automation" if settings.get("preset") else "all"
    )
    assert told == [(unit, authors, settings.get("preset", "anthropic-2026"))]


def test_pool_quantile_and_window_are_settings(tmp_path: Path) -> None:
    made = History()
    repository = made.repository()
    for size in range(1, 11):
        repository.land(date(2024, 1, size), {"src/a.py": size})
    repository.land(date(2024, 3, 31), {"src/a.py": 100}, CLEO)
    chosen = {"cap_quantile": 0.5, "cap_pool_days": 85, "cap_min_pool": 2, "activity_days": 10}
    cutoff = datetime(2024, 3, 31, 23, tzinfo=UTC)
    with made.build(tmp_path, multiple=chosen, cutoff=cutoff) as connection:
        found = rows(
            connection,
            """select cap_lines, total from marts.multiples
            where scope = 'repository' and measure = 'code_lines'""",
        )
        active = rows(
            connection,
            """select count(*) from marts.days
            where scope = 'repository' and active_contributors > 0""",
        )
    # the pool holds 7 January onwards: 7, 8, 9, 10 and 100
    assert found == [(9, sum(range(1, 10)) + 9 + 9)]
    assert active == [(19 + 1,)]
