"""Data quality: every issue is counted, and only where there is one."""

from datetime import date, timedelta
from pathlib import Path

from sql_fixtures import History, rows

DAY = date(2026, 2, 3)


def test_every_issue(tmp_path: Path) -> None:
    history = History()
    history.repository("clean").land(date(2020, 1, 1), {"src/a.py": 1})
    odd = history.repository("odd", is_shallow=True)
    landed = odd.land(DAY, {"src/a.py": 5, "src/b.py": None})
    odd.land(DAY, has_diff=False)
    odd.land(DAY - timedelta(days=2), {"src/a.py": 3}, "Root <root@localhost>")
    odd.land(date(2040, 1, 1), {"src/a.py": 2})
    odd.land(DAY, {"src/a.py": 100}, author="Cleo <cleo@harbour.test>")
    odd.pull(1, None, landed, has_head=False)
    odd.pull(2, None)
    for number in range(25):
        problem = {"repository_id": "odd", "commit_id": f"{number:040x}", "problem": "bad object"}
        history.rows["problems"].append(problem)
    late = history.repository("late")
    late.land(DAY, {"src/a.py": 1})
    for number, day in ((1, date(2025, 12, 31)), (2, date(2026, 1, 1))):
        late.told(number, state="closed", created_at=day, closed_at=DAY)
    with history.build(
        tmp_path,
        problems={"odd": "the path is gone"},
        exclusions=[{"author": "cleo@harbour.test", "reason": "imported"}],
    ) as connection:
        found = rows(
            connection,
            """select issue, affected, total from marts.data_quality
            where repository_id = 'odd' order by issue""",
        )
        assert {issue: (affected, total) for issue, affected, total in found} == {
            "code lines without evidence of who wrote them": (110, 110),
            "commits that could not be read, or not wholly": (25, None),
            "contributors resolved by name and address": (1, 3),
            "file changes without line counts": (1, 5),
            "landed changes after the data cut-off": (1, 5),
            "landed changes left out by the settings": (1, 5),
            "landed changes not tied to a pull request": (4, 5),
            "landed changes that go back in time": (2, 5),
            "landed changes whose lines were not followed": (5, 5),
            "landed changes without a diff": (1, 5),
            "pull requests of unknown outcome": (1, 2),
            "pull requests without a known head": (2, 2),
            "repository could not be mined in the last run": (1, 1),
            "shallow clone": (1, 1),
        }
        assert rows(
            connection, "select issue from marts.data_quality where repository_id = 'clean'"
        ) == [
            ("landed changes not tied to a pull request",),
            ("landed changes whose lines were not followed",),
        ]
        assert rows(
            connection,
            """select affected, total from marts.data_quality
            where issue = 'pull requests opened before the known history'""",
        ) == [(1, 2)]
        assert rows(
            connection,
            """select sum(pull_requests) from marts.merge_success_quarterly
            where scope_name = 'late' and author_class = 'all'""",
        ) == [(1,)]
        assert rows(
            connection,
            """select repository_id, status, problem from marts.repositories
            where repository_id != 'late' order by 1""",
        ) == [("clean", "fresh", None), ("odd", "stale", "the path is gone")]
