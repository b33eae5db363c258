"""What a reader sees in charts and titles where the numbers are odd: gaps, youth, small shares."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path
from typing import Any

import altair as alt
import pytest
import report_fixture as fixture

from quarterdeck.reports import charts, marks, outcomes, wording
from quarterdeck.reports.contents import contents
from quarterdeck.reports.drawing import draw
from quarterdeck.reports.facts import Facts, Issue
from quarterdeck.reports.figures import beyond, merge_figure, stretch
from quarterdeck.reports.forms import as_markdown
from quarterdeck.reports.lasting import churn_top
from quarterdeck.reports.page import read
from quarterdeck.reports.places import languages_figure
from quarterdeck.reports.summary import stats
from quarterdeck.reports.tables import table


@pytest.fixture(scope="module")
def facts(tmp_path_factory: pytest.TempPathFactory) -> Facts:
    """A quarter of which only some pull requests are old enough for the last rung."""
    rows = fixture.organisation()

    def young(row: dict[str, Any]) -> dict[str, Any]:
        is_young = row["quarter"] == "2026Q3" and row["rung"] == "alive"
        return {"trials": 50, "successes": 45, "rate": 0.9} if is_young else {}

    path = tmp_path_factory.mktemp("facts") / "quarterdeck.duckdb"
    return read(fixture.build(path, fixture.changed(rows, "success_ladder_quarterly", young)))


def points(values: dict[str, float | None], partial: str = "") -> list[dict[str, Any]]:
    return [
        {"quarter": q, "value": v, "low": v, "high": v, "partial": q == partial, "Quarter": q}
        for q, v in values.items()
    ]


def panel(values: dict[str, float | None], quarters: list[str], partial: str = "") -> str:
    scale = alt.Scale(domain=[0, 1], nice=False)
    made = marks.line_panel(
        points(values, partial), scale, marks.share_axis(1), ("Quarter",), None, 270, quarters
    )
    return draw(made, "panel")


def outlines(svg: str, paint: str) -> list[str]:
    found = [node for node in ET.fromstring(svg).iter() if node.get("stroke") == paint]
    return [node.get("d", "") for node in found if "transform" not in node.attrib]


def test_a_line_is_broken_where_nothing_is_known() -> None:
    quarters = [f"{year}Q1" for year in range(2019, 2026)]
    known = {"2019Q1": 0.2, "2020Q1": 0.4, "2023Q1": 0.5, "2025Q1": 0.7}
    svg = panel(dict(known), quarters)
    (line,) = outlines(svg, "var(--qd-accent)")
    assert line.split("M")[1].count(",") == 2  # the two side by side
    assert line.count("M") > 1
    whole = panel(dict.fromkeys(quarters, 0.5), quarters)
    (line,) = outlines(whole, "var(--qd-accent)")
    assert line.count("M") == 1
    # the point without a neighbour is there, and the last one is marked
    assert svg.count("<path transform") == 2
    assert whole.count("<path transform") == 1


def test_every_quarter_that_is_partial_is_an_open_circle() -> None:
    quarters = ["2025Q1", "2025Q2", "2025Q3"]
    svg = panel(dict.fromkeys(quarters, 0.5), quarters, partial="2025Q3")
    assert svg.count('fill="var(--qd-paper)"') == 1


def test_a_still_holds_nothing_that_cannot_be_seen(facts: Facts) -> None:
    rows = [row for row in facts.multiples if row.measure == "code_lines"]
    bare = [replace(row, low=None, high=None) for row in rows]
    for own in (rows, bare):
        svg = draw(charts.multiple_by_quarter(own, 860), "multiple")
        root = ET.fromstring(svg)
        assert ' opacity="0"' not in svg
        groups = [node for node in root.iter() if node.tag.endswith("}g")]
        assert all(len(node) and node.attrib for node in groups)
        words = " ".join("".join(node.itertext()) for node in root.iter() if "text" in node.tag)
        assert all(word in words for word in ("Baseline", "= 1×", "3.4×", "2022"))


def test_the_words_at_the_baseline_are_beside_the_plot(facts: Facts) -> None:
    rows = [row for row in facts.multiples if row.measure == "code_lines"]
    made = charts.multiple_by_quarter(rows, 860)
    (place,) = {
        str(layer["encoding"]["x"])
        for layer in made["layer"]
        if layer["mark"]["type"] == "text" and layer["mark"].get("align") == "left"
    }
    assert place == "{'value': 'width'}"
    assert made["padding"]["right"] >= 60


def test_of_one_number_on_the_bars_it_is_that_of_the_headline(facts: Facts) -> None:
    rows = [row for row in facts.multiples if row.measure == "code_lines"]
    for width, wanted in ((860, ["2026Q3", "2026Q4"]), (360, ["2026Q3"])):
        (named,) = {
            tuple(row["quarter"] for row in own)
            for own in charts.multiple_by_quarter(rows, width)["datasets"].values()
            if own and isinstance(own[0].get("label"), str) and all(row["label"] for row in own)
        }
        assert list(named) == wanted


@pytest.mark.parametrize(
    ("top", "decimals"),
    [(1.0, 0), (0.1, 0), (0.03, 0), (0.02, 1), (0.0076, 1), (0.0012, 2), (0.00001, 4)],
)
def test_labels_of_small_shares_differ(top: float, decimals: int) -> None:
    assert f".{decimals}%" in marks.share_axis(top).labelExpr


def test_an_axis_has_the_quarters_in_between(facts: Facts) -> None:
    assert stretch(facts, ["2026Q2", "2025Q3"]) == ["2025Q3", "2025Q4", "2026Q1", "2026Q2"]
    assert stretch(facts, []) == []
    assert stretch(facts, ["2026Q2", "1999Q1"]) == ["1999Q1", "2026Q2"]


def test_a_rung_is_told_of_the_last_quarter_that_is_old_enough(facts: Facts) -> None:
    alive = {
        row.quarter: row.is_partial
        for row in facts.outcomes.ladder
        if (row.series, row.author_class) == ("alive", "all")
    }
    assert alive["2026Q3"] and not alive["2026Q2"]
    figure = outcomes.ladder_figure(facts)
    assert figure is not None and figure.title is not None
    assert figure.title.startswith("61% of pull requests opened in 2026Q2 were merged, stayed")
    notes = {panel.title: panel.note for panel in figure.panels}
    assert notes["All: half alive at 90 days"] == "122 of 200 in 2026Q2"
    assert notes["All: not reverted"] == "148 of 200 in 2026Q3"


@pytest.mark.parametrize(("cutoff", "is_young"), [("2026-10-30", True), ("2026-10-31", False)])
def test_a_quarter_is_judged_whole_once_its_last_day_is_old_enough(
    facts: Facts, cutoff: str, is_young: bool
) -> None:
    early = replace(facts, overview=replace(facts.overview, cutoff=f"{cutoff} 12:00 UTC"))
    assert early.is_young("2026Q3", 30) is is_young
    assert not early.is_young("2026Q2", 30)
    title = merge_figure(early, "2026Q3").title
    assert title is not None
    assert ("opened in 2026Q3 and old enough to judge were merged" in title) is is_young


def test_who_has_no_rate_says_so(facts: Facts) -> None:
    kept = tuple(
        row for row in facts.merges if row.author_class != "human" or row.quarter < "2026Q1"
    )
    figure = merge_figure(replace(facts, merges=kept), "2026Q3")
    notes = {panel.title: (panel.value, panel.note) for panel in figure.panels}
    assert notes["By humans"] == ("–", "none opened in 2026Q3")


def test_a_median_that_is_not_reached_is_not_taken_from_an_older_quarter(facts: Facts) -> None:
    late = tuple(
        replace(row, median_days=None, merged_30_days=0.42) if row.quarter == "2026Q3" else row
        for row in facts.outcomes.waiting
    )
    figure = outcomes.waiting_figure(replace(facts, outcomes=replace(facts.outcomes, waiting=late)))
    assert figure is not None
    assert figure.title == (
        "Fewer than half of the pull requests opened in 2026Q3 were merged: 42% within 30 days"
    )


def test_an_interval_that_is_cut_off_is_told(facts: Facts) -> None:
    rows = [row for row in facts.multiples if row.quarter == "2026Q3"]
    assert beyond(rows, (0.0, 100.0)) == ""
    assert "reach beyond" in beyond(rows, (0.0, 2.0))
    assert beyond([replace(row, is_partial=True) for row in rows], (0.0, 2.0)) == ""


def test_two_intervals_over_one_are_one_sentence(facts: Facts) -> None:
    rows = [r for r in facts.multiples if r.measure == "code_lines" and r.quarter >= "2026Q3"]
    whole, partial = (replace(row, low=0.5, high=9.0) for row in rows)
    assert wording.lead_note(whole, partial) == (
        "The intervals of 2026Q3 and 2026Q4 include 1, so a difference from the baseline is not "
        "established."
    )


def test_agents_of_the_past_alone_are_told_as_such(facts: Facts) -> None:
    past = [row for row in facts.agents if row.quarter <= "2025Q2"]
    assert wording.agents_title(past, "2026Q3") == (
        "No agent left evidence in 2026Q3; the last quarter with any is 2025Q2"
    )
    assert wording.agents_title(past, "2020Q1") is None


def test_languages_of_next_to_nothing_have_no_chart(facts: Facts) -> None:
    small = tuple(
        replace(row, share=0.004) if row.language == "Go" else row for row in facts.languages
    )
    figure = languages_figure(replace(facts, languages=small), "2026Q3")
    assert figure is not None and figure.table is not None
    assert [panel.title for panel in figure.panels] == ["Python", "TypeScript"]
    assert figure.notes[-1].startswith("1 row below 1% in every quarter stands")
    assert {row[0] for row in figure.table.rows} == {"Python", "TypeScript", "Go"}


def test_the_headline_tells_who_is_active_beside_who_is_resampled(facts: Facts) -> None:
    latest = next(m for m in facts.multiples if m.measure == "code_lines" and m.quarter == "2026Q3")
    said = stats(facts, latest, "2026Q3")[0]
    assert said.n == "n = 31 contributors, baseline included; 34 active on a day"


def test_a_quarter_of_few_lines_does_not_flatten_the_others(facts: Facts) -> None:
    row = next(row for row in facts.churn if row.churn30 is not None)
    usual = [replace(row, churn30=share, lines_written=9_000.0) for share in (0.04, 0.15)]
    few = replace(row, churn30=1.0, lines_written=2.0)
    assert churn_top([*usual, few]) == (0.15, 1)
    assert churn_top(usual) == (0.15, 0)
    assert churn_top([few]) == (1.0, 0)


def test_what_is_missing_is_said_once_and_of_the_right_thing(facts: Facts) -> None:
    overview = facts.overview
    row = replace(facts.multiples[0], multiple=None, reason="no baseline")
    assert wording.no_interval("no interval: no line had died") == "no interval: no line had died"
    assert wording.no_interval(None) == "no interval: not computed"
    assert wording.why_no_multiple(row, overview) == (
        "there is no work to measure against in the baseline, 2021Q3 to 2024Q2"
    )
    bots = replace(overview, contributors=0)
    assert wording.why_no_multiple(row, bots).startswith("no person landed a change")
    late = Issue("landed changes after the data cut-off", 1, 30, 30, 1.0, None)
    ahead = replace(facts, overview=replace(overview, landed_changes=0), issues=(late,))
    assert wording.late_note(ahead) == "30 landed changes are dated after the data cut-off."
    assert wording.late_note(replace(facts, issues=(late,))) is None


def test_a_short_table_of_the_newest_rows_says_that_there_are_more(facts: Facts) -> None:
    assert "\n\nThe newest 6 of 22 rows.\n" in as_markdown(contents(facts))


def test_csv_keeps_other_alphabets_and_nine_digits() -> None:
    made = table(
        "t",
        "t",
        (("Name", "text"), ("X", "ratio")),
        [("Größe “2 %”", 1 / 3), ('東京"#&', 123456789012.25), ("e", 2.0)],
    )
    rows = ["Name,X", "Größe “2 %”,0.333333333", '"東京""#&",123456789012.25', "e,2"]
    assert made.csv().splitlines() == rows
    link = made.csv_link()
    assert "Größe" in link and "東京" in link
    assert not re.search(r"[\s\"#&<>]", link)


def test_no_table_has_a_column_of_text_beyond_the_style_sheet(facts: Facts) -> None:
    style = Path(charts.__file__).parent.joinpath("templates/page.css").read_text(encoding="utf-8")
    known = {f"t{place}" for place in map(int, re.findall(r"\.t(\d+) tr >", style))}
    figures = [merge_figure(facts, "2026Q3"), languages_figure(facts, "2026Q3")]
    ladder = outcomes.ladder_figure(facts)
    assert ladder is not None and ladder.table is not None
    for figure in [*figures, ladder]:
        assert figure is not None and figure.table is not None
        assert set(figure.table.text_columns().split()) <= known
    assert ladder.table.text_columns() == "t1 t2 t3 t4 t5 t11"
