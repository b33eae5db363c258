"""The section on what became of the lines: its words are made of numbers, and it can be silent."""

from pathlib import Path
from typing import Any

import report_fixture as fixture
from report_reader import Page

from quarterdeck.reports.facts import SurvivalPoint
from quarterdeck.reports.lasting import matched_notes, survival_title
from quarterdeck.reports.page import render


def page_of(folder: Path, rows: fixture.Rows) -> Page:
    return Page(render(fixture.build(folder / "lasting.duckdb", rows)))


def point(author_class: str = "all", **columns: Any) -> SurvivalPoint:
    values: dict[str, Any] = {
        "author_class": author_class, "matched_with": None, "age_days": 90, "lines": 100.0,
        "landed_changes": 9, "contributors": 9, "at_risk": 60.0, "survival": 0.9, "low": 0.8,
        "high": 0.95, "half_life_days": None, "reason": None,
    }  # fmt: skip
    return SurvivalPoint(**values | columns)


def test_titles_and_tables_state_the_numbers(tmp_path: Path) -> None:
    words = page_of(tmp_path, fixture.organisation()).words()

    assert (
        "90% of code lines live 90 days after they landed; half are gone after 1,204 days" in words
    )
    assert "7% of the code lines written in 2026Q3 were gone within 30 days" in words
    assert "410,000 lines of 9,100 landed changes" in words
    assert "not yet 30 days old at the cut-off" not in words  # the first reason stands for the rest
    assert "not yet 14 days old at the cut-off" in words


def test_no_lines_no_section(tmp_path: Path) -> None:
    rows = fixture.organisation() | {
        "survival_curves": [],
        "survival_cohorts": [],
        "revert_rates_quarterly": [],
    }
    page = page_of(tmp_path, rows)

    assert "lasting" not in [attributes.get("id") for attributes in page.all("section")]
    assert "Does it last" not in page.words()


def test_lines_that_are_too_young_for_churn_still_have_a_curve(tmp_path: Path) -> None:
    young = {"churn14": None, "churn30": None}
    rows = fixture.changed(fixture.organisation(), "survival_cohorts", lambda row: young)
    words = page_of(tmp_path, rows).words()

    assert "Does it last" in words and "were gone within" not in words


def test_curves_without_a_point_are_left_out(tmp_path: Path) -> None:
    gone = {"survival": None, "survival_low": None, "survival_high": None}
    rows = fixture.changed(fixture.organisation(), "survival_curves", lambda row: gone)
    words = page_of(tmp_path, rows).words()

    assert "Does it last" in words and "days after they landed;" not in words


def test_a_comparison_says_when_it_establishes_nothing() -> None:
    model = point("model", matched_with="human", survival=0.85, low=0.8, high=0.9)
    human = point("human", matched_with="model", survival=0.88, low=0.84, high=0.92)
    apart = point("human", matched_with="model", survival=0.95, low=0.93, high=0.97)
    alone = point("human", matched_with="model", survival=0.95, low=None, high=None)

    assert matched_notes([model, human]) == [
        "Of lines written in the quarters that have both, 85% by models (80 to 90%) and 88% by "
        "humans (84 to 92%) live at 90 days; the intervals overlap, so a difference is not "
        "established."
    ]
    assert "established" not in matched_notes([model, apart])[0]
    assert "without both intervals" in matched_notes([model, alone])[0]
    assert matched_notes([model]) == []


def test_a_title_for_each_length_of_observation() -> None:
    assert survival_title([]) is None
    assert survival_title([point(age_days=0, survival=1.0)]) is None
    short = [point(age_days=30, survival=0.97), point(survival=None)]
    assert survival_title(short) == (
        "97% of code lines live 30 days after they landed; more than half live as long as they "
        "were followed"
    )
