"""How much is missed: two channels of evidence, or the reason why there is no estimate."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb
import pytest
from sql_fixtures import CLAUDE, History, Repository, rows
from test_docs_measures import columns, example, numbers

DAY = date(2025, 2, 3)
#: Stands for a line-level record: a rule of the tier that such records have.
RECORD = "Line-record: model"
SIGNALS = [
    {
        "id": "line-record",
        "agent": "Claude Code",
        "where": "trailer",
        "keys": ["line-record"],
        "pattern": "^model$",
        "tier": "attested",
        "source": "test",
        "seen": date(2026, 1, 1),
    }
]


def land(
    repository: Repository, day: date, both: int, declared: int, attested: int, none: int
) -> None:
    trailers = (
        [[CLAUDE, RECORD]] * both + [[CLAUDE]] * declared + [[RECORD]] * attested + [[]] * none
    )
    for number, own in enumerate(trailers):
        repository.land(day, message=f"Change {number}\n\n" + "\n".join(own))


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    history = History()
    two = history.repository("two channels")
    land(two, DAY, both=10, declared=5, attested=20, none=40)
    land(two, date(2025, 5, 3), both=6, declared=5, attested=20, none=40)
    land(two, date(2025, 8, 3), both=8, declared=12, attested=12, none=0)
    declared = history.repository("declared alone")
    land(declared, DAY, both=0, declared=30, attested=0, none=5)
    attested = history.repository("attested alone")
    land(attested, date(2025, 5, 3), both=0, declared=0, attested=3, none=5)
    silent = history.repository("silent")
    land(silent, DAY, both=0, declared=0, attested=0, none=5)
    folder = tmp_path_factory.mktemp("coverage")
    cutoff = datetime(2025, 9, 30, tzinfo=UTC)
    with history.build(folder, signals=SIGNALS, cutoff=cutoff) as connection:
        yield connection


def coverage(connection: duckdb.DuckDBPyConnection, scope: str, quarter: str) -> tuple[object, ...]:
    return connection.execute(
        """select repositories, commits, in_both, only_declared, only_attested, seen,
            round(estimate, 2), round(estimate_low, 2), round(estimate_high, 2), reason
        from marts.model_coverage where scope_name = ? and quarter = ?""",
        [scope, quarter],
    ).fetchall()[0]


def test_two_channels(built: duckdb.DuckDBPyConnection) -> None:
    # by hand: 16 x 31 / 11 - 1; variance 16 x 31 x 5 x 20 / (11 x 11 x 12) = 34.16; 9.09 unseen,
    # so the factor is exp(1.96 x sqrt(ln(1 + 34.16 / 9.09^2))) = 3.167
    found = coverage(built, "two channels", "2025Q1")
    assert found == (1, 75, 10, 5, 20, 35, 44.09, 37.87, 63.79, None)
    shares = rows(
        built,
        """select coverage * estimate, declared_coverage * estimate from marts.model_coverage
        where scope_name = 'two channels' and quarter = '2025Q1'""",
    )
    assert shares == [(pytest.approx(35), pytest.approx(15))]


def test_no_more_than_landed(built: duckdb.DuckDBPyConnection) -> None:
    *_, estimate, low, high, reason = coverage(built, "two channels", "2025Q3")
    # 21 x 21 / 9 - 1 = 48, and 32 landed, all of them seen
    assert (estimate, low, high, reason) == (32, 32, 32, None)


def test_the_organisation_is_of_the_repositories_with_both(
    built: duckdb.DuckDBPyConnection,
) -> None:
    assert coverage(built, "Harbour", "2025Q1") == coverage(built, "two channels", "2025Q1")


@pytest.mark.parametrize(
    ("scope", "quarter", "reason"),
    [
        ("two channels", "2025Q2", "too few commits with both kinds of evidence: under 7"),
        (
            "declared alone",
            "2025Q1",
            "one channel only: identities and trailers; no line-level records",
        ),
        (
            "attested alone",
            "2025Q2",
            "one channel only: line-level records; no identity or trailer declares a model",
        ),
        ("silent", "2025Q1", "no evidence of a model"),
    ],
)
def test_without_an_estimate_there_is_a_reason(
    built: duckdb.DuckDBPyConnection, scope: str, quarter: str, reason: str
) -> None:
    *_, estimate, low, high, told = coverage(built, scope, quarter)
    assert (estimate, low, high, told) == (None, None, None, reason)


def test_tiers_that_carry_the_share(built: duckdb.DuckDBPyConnection) -> None:
    found = rows(
        built,
        """select tier, landed_changes, lines, round(share_of_model_lines, 3)
        from marts.evidence_tiers_quarterly
        where scope_name = 'two channels' and quarter = '2025Q1' order by all""",
    )
    # each change has 10 lines; a line-level record goes before a trailer
    assert found == [
        ("attested", 30, 300, 0.857),
        ("declared", 5, 50, 0.143),
        ("indicated", 0, 0, 0),
        ("none", 40, 400, None),
    ]
    assert rows(
        built,
        """select scope_name, count(*) from marts.evidence_tiers_quarterly
        where scope != 'organisation' group by all order by all""",
    ) == [("attested alone", 4), ("declared alone", 4), ("silent", 4), ("two channels", 12)]


def test_worked_example_of_the_page(tmp_path: Path) -> None:
    (row,) = example("captures")
    history = History()
    counts = (int(row[key]) for key in ("in both", "trailer alone", "record alone", "neither"))
    land(history.repository(), DAY, *counts)
    wanted = example("coverage")
    with history.build(tmp_path, signals=SIGNALS) as connection:
        found = rows(
            connection,
            f"select {columns(wanted)} from marts.model_coverage where scope = 'repository'",
        )
    assert found == numbers(wanted)
