"""Odd states of the data: each gives a page that says what can and cannot be said."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import report_fixture as fixture
from report_reader import Page

from quarterdeck.reports.page import render


def without(rows: fixture.Rows, *tables: str) -> fixture.Rows:
    return {name: [] if name in tables else found for name, found in rows.items()}


def no_baseline() -> fixture.Rows:
    gone = {"multiple": None, "multiple_low": None, "multiple_high": None, "baseline_bar": None}
    reason = {"reason": "no quarter before the first model finding"}
    rows = fixture.organisation(0, 6)
    rows = fixture.changed(rows, "multiples", lambda _: gone | reason)
    return fixture.changed(
        rows, "merge_success_quarterly", lambda _: {"baseline_rate": None, "change_points": None}
    )


def one_contributor() -> fixture.Rows:
    lone = {"multiple_low": None, "multiple_high": None, "interval_contributors": 1}
    reason = {"reason": "fewer than 8 contributors"}
    rows = fixture.changed(fixture.organisation(), "multiples", lambda _: lone | reason)
    return fixture.changed(rows, "report_facts", lambda _: {"contributors": 1})


def no_agents() -> fixture.Rows:
    none = {"model_lines": 0.0, "attested_lines": 0.0, "declared_lines": 0.0, "model_share": 0.0,
            "indicated_lines": 0.0, "model_share_low": 0.0, "model_changes": 0}  # fmt: skip
    rows = without(fixture.organisation(), "agents_quarterly")
    return fixture.changed(rows, "authorship_quarterly", lambda _: none)


def nothing_landed() -> fixture.Rows:
    rows = fixture.organisation(0, 1)
    empty = {"landed_changes": 0, "contributors": 0, "cutoff_at": None, "first_quarter": None,
             "last_quarter": None, "last_whole_quarter": None, "baseline_quarters": None,
             "baseline_label": None, "repositories": 0, "settings_json": None}  # fmt: skip
    return {"report_facts": [rows["report_facts"][0] | empty]}


def no_pull_requests() -> fixture.Rows:
    none = {"pull_requests": 0, "mature_pull_requests": 0, "merged": 0, "rate": None,
            "rate_low": None, "rate_high": None, "baseline_rate": None, "change_points": None,
            "reason": "no pull request is known"}  # fmt: skip
    rows = fixture.changed(fixture.organisation(), "merge_success_quarterly", lambda _: none)
    kept = [row for row in rows["multiples"] if row["measure"] != "merged_pull_requests"]
    return rows | {"multiples": kept}


ODD: dict[str, tuple[fixture.Rows, list[str]]] = {
    "no baseline": (
        no_baseline(),
        [
            "No multiple can be stated for 2026Q3: no quarter before the first model finding.",
            "no baseline rate",
        ],
    ),
    "one contributor": (
        one_contributor(),
        [
            "landed 3.4 times as much code per head and day as in the baseline of 2021Q3 to "
            "2024Q2; so far",
            "2026Q3 has no interval: fewer than 8 contributors.",
            "n = 1 contributor",
        ],
    ),
    "no pull requests": (no_pull_requests(), ["Pull requests merged, 2026Q3 – no pull request is"]),
    "no merge rows": (
        without(fixture.organisation(), "merge_success_quarterly"),
        ["No pull request is known in these repositories."],
    ),
    "no agents": (
        no_agents(),
        [
            "No model left evidence on the code lines that landed in 2026Q3; 16% are undeclared",
            "No agent left evidence in the quarters shown.",
        ],
    ),
    "one quarter": (
        fixture.organisation(0, 1),
        [
            "In 2026Q4, so far, active contributors landed 3.9 times",
            "no quarter before it to compare with",
        ],
    ),
    "nothing landed": (
        nothing_landed(),
        [
            "No landed change was found, so nothing can be measured yet.",
            "No code line landed, so there is no share.",
            "No gap was found in the data",
        ],
    ),
}


@pytest.mark.parametrize("state", ODD)
def test_odd_state_says_what_can_and_cannot_be_said(state: str, tmp_path: Path) -> None:
    rows, sentences = ODD[state]
    words = (
        Page(render(fixture.build(tmp_path / "quarterdeck.duckdb", rows)))
        .words()
        .replace("\u00a0", " ")
    )
    for sentence in sentences:
        assert sentence in words
    assert not re.search(r"\b(None|nan|inf|NULL)\b", words)
