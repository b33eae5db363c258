"""Odd text and odd folders: what a report makes of names, and what it leaves alone on the disk."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest
import report_fixture as fixture
from report_reader import Page

from quarterdeck.reports import formats as fmt
from quarterdeck.reports import wording
from quarterdeck.reports.archive import cards
from quarterdeck.reports.contents import Contents, contents
from quarterdeck.reports.errors import ReportError
from quarterdeck.reports.facts import Facts
from quarterdeck.reports.figures import companions_figure, multiple_figure
from quarterdeck.reports.forms import as_json, write_images
from quarterdeck.reports.growth import pace_figure
from quarterdeck.reports.outcomes import revert_figure
from quarterdeck.reports.page import archive_report, read, render_facts
from quarterdeck.reports.places import languages_figure, places_figure
from quarterdeck.reports.summary import settings

TURNED = "left\u202eright\u2066\nnext\x07"


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    rows = fixture.organisation()
    rows = fixture.changed(
        rows,
        "agents_quarterly",
        lambda row: {"agent": "var(--qd-none)" if row["agent"] == "Codex" else row["agent"]},
    )
    rows["agents_quarterly"] += [
        row | {"agent": f"Small {n}", "model_lines": 1.0, "share_of_code_lines": 1e-5}
        for n in range(9)
        for row in rows["agents_quarterly"]
        if row["agent"] == "Claude Code"
    ]
    rows["languages_quarterly"] = [
        row | {"language": f"Language {n:02}", "share": 1 / 20, "added_lines": 100 - n}
        for n in range(20)
        for row in rows["languages_quarterly"]
        if row["language"] == "Go"
    ]
    rows["data_quality"] += [
        {"repository_id": None, "issue": issue, "affected": 2, "total": 3, "share": 2 / 3,
         "detail": f"Ingrid Example {issue}"}
        for issue in ("team members whom no commit knows", "authorship overrides without effect")
    ]  # fmt: skip
    rows = fixture.changed(rows, "report_facts", lambda row: {"organisation": TURNED})
    return fixture.build(tmp_path_factory.mktemp("foreign") / "quarterdeck.duckdb", rows)


@pytest.fixture(scope="module")
def facts(database: Path) -> Facts:
    return read(database)


@pytest.fixture(scope="module")
def said(facts: Facts) -> Contents:
    return contents(facts)


@pytest.fixture(scope="module")
def words(facts: Facts) -> str:
    return Page(render_facts(facts)).words()


def test_text_is_on_one_line_and_turns_nothing_around(words: str, said: Contents) -> None:
    assert "left right next" in words
    for text in (words, json.loads(as_json(said))["title"]):
        assert not {"\u202e", "\u2066", "\x07"} & set(text)
    assert fmt.shown("👩\u200d💻 אבג") == "👩\u200d💻 אבג"


def test_gaps_in_the_settings_are_told_without_names(words: str) -> None:
    assert "team members whom no commit knows – 2 3 66.7% marts.data_quality names them" in words
    assert "authorship overrides without effect – 2 3 66.7% Ingrid Example auth" in words


def test_what_is_folded_is_counted_whole(words: str, facts: Facts) -> None:
    assert "14 agents left evidence in 2026Q3; Claude Code on most" in words
    figure = languages_figure(facts, "2026Q3")
    assert figure is not None
    # all the others together have more lines than any
    assert figure.title == "5% of code lines added in 2026Q3 were Language 07, of 20 languages"
    other = next(row for row in facts.agents if row.is_other)
    assert (other.agents, other.landed_changes) == (7, None)


def test_an_estimate_of_what_is_missed_names_its_part(words: str) -> None:
    assert (
        "Seen in 2026Q4, so far, in the 2 repositories that have line-level records as well: "
        "90 commits of models"
    ) in words


def test_a_long_name_is_broken_and_widens_nothing(facts: Facts) -> None:
    assert "overflow-wrap: anywhere" in render_facts(facts).split("</style>")[0].split("body {")[1]


def test_one_line_is_no_lines() -> None:
    assert (fmt.plural(1.0, "line"), fmt.plural(1.4, "line")) == ("1 line", "1 line")
    assert (fmt.plural(0, "line"), fmt.plural(1200.2, "line")) == ("0 lines", "1,200 lines")


def test_the_pace_of_all_measures_is_on_one_scale(said: Contents) -> None:
    figure = next(figure for figure in said.figures if figure.key == "pace")
    scales = {
        json.dumps(layer["encoding"]["y"]["scale"], sort_keys=True)
        for panel in figure.panels
        for layer in panel.drawings[0].specification["layer"]
        if "scale" in layer["encoding"]["y"]
    }
    assert len(figure.panels) > 1 and len(scales) == 1
    assert '"nice": false' in scales.pop()


def test_agents_without_a_name_are_no_agent(facts: Facts) -> None:
    row = next(row for row in facts.agents if row.quarter == "2026Q3")
    unnamed = replace(row, agent=wording.UNNAMED_AGENT, share=0.9)
    assert wording.agents_title([unnamed], "2026Q3") is None
    title = wording.agents_title([unnamed, row], "2026Q3")
    assert title == "Claude Code is the only agent with evidence in 2026Q3"


def test_pictures_are_made_of_any_name(said: Contents, tmp_path: Path) -> None:
    figure = next(figure for figure in said.figures if figure.key == "agents")
    panel = next(panel for panel in figure.panels if panel.title == "var(--qd-none)")
    alone = replace(said, top=replace(figure, panels=(panel,)), sections=())
    picture, _ = write_images(alone, tmp_path)
    assert "<title>var(--qd-none)</title>" in picture.read_text(encoding="utf-8")


def test_one_interval_reaches_and_two_reach(facts: Facts) -> None:
    rows = [row for row in facts.multiples if row.measure == "code_lines"][-3:]
    for cut, told in ((1, "1 interval reaches beyond"), (2, "2 intervals reach beyond")):
        wide = [replace(row, high=10_000.0) for row in rows[:cut]]
        figure = multiple_figure(replace(facts, multiples=(*wide, *rows[cut:])), None)
        assert any(told in note for note in figure.notes)


def test_years_of_a_fiscal_calendar_are_named(facts: Facts) -> None:
    rows = [replace(row, quarter=f"FY{row.quarter}") for row in facts.multiples]
    figure = multiple_figure(replace(facts, multiples=tuple(rows)), None)
    assert ">FY2026<" in figure.panels[0].drawings[0].svg
    few = multiple_figure(replace(facts, multiples=tuple(rows[-3:])), None)
    assert few.panels == ()
    few = multiple_figure(
        replace(facts, multiples=tuple(r for r in rows if r.quarter > "FY2026Q2")), None
    )
    assert ">FY2026 Q3<" in few.panels[0].drawings[0].svg


def test_a_measure_that_is_known_later_is_given_its_own_quarter(facts: Facts) -> None:
    young = ("2026Q3", "2026Q4")
    rows = [
        replace(row, multiple=None) if row.measure == "net_lines" and row.quarter in young else row
        for row in facts.multiples
    ]
    title = companions_figure(replace(facts, multiples=tuple(rows))).title
    assert title == (
        "In 2026Q3, code lines at 3.4×, landed changes at 2.1× and merged pull requests at 1.9×; "
        "in 2026Q2, net lines at 1.7× the baseline"
    )


def test_a_doubling_time_without_bound_is_no_growth(facts: Facts) -> None:
    trends = tuple(replace(row, high=None) for row in facts.outcomes.trends)
    figure = pace_figure(replace(facts, outcomes=replace(facts.outcomes, trends=trends)))
    assert figure is not None and figure.title is not None
    assert figure.title.startswith("Whether code lines per contributor grow is not established")


def test_few_are_counted_and_not_made_a_percentage(facts: Facts) -> None:
    few = tuple(replace(r, trials=3, successes=0, rate=0.0) for r in facts.outcomes.reverts)
    figure = revert_figure(replace(facts, outcomes=replace(facts.outcomes, reverts=few)))
    assert figure is not None
    assert figure.title == "0 of 3 changes landed in 2026Q3 were reverted within 30 days"


def test_places_that_are_not_all_are_called_the_largest(facts: Facts) -> None:
    more = replace(facts, repositories=facts.repositories * 9)
    figure = places_figure(more, "repository", "2026Q3")
    assert figure is not None and figure.title is not None
    assert figure.title.startswith("In 2026Q3, 3 of the largest repositories stood at 3.1×")


def test_the_example_statement_is_of_the_repository(database: Path) -> None:
    found = Page(render_facts(read(database, "harbour-web"))).words()
    assert "trace_multiple('2026Q3', for_scope := 'repository', for_name := 'harbour-web')" in found
    assert "Gaps in the data, harbour-web" in found


def test_choices_in_force_are_in_the_words(facts: Facts) -> None:
    chosen = {
        "merge_window_days": 14,
        "identity_rules": ["name-login"],
        "multiple": {"activity_days": 180, "classes": ["source"], "lines": "added and deleted"},
    }
    overview = replace(facts.overview, settings=chosen)
    found = Page(render_facts(replace(facts, overview=overview))).words()
    assert "were merged within 14 days" in found
    assert "opened at least 14 days before the data cut-off" in found
    assert "A person with a landed change in the 180 days before." in found
    assert "the lines that the multiple counts" not in found
    assert ("identity_rules", "name-login") in settings(overview)


def test_an_archive_passes_over_what_is_not_its_own(facts: Facts, tmp_path: Path) -> None:
    (tmp_path / "folder.html").mkdir()
    (tmp_path / "gone.html").symlink_to(tmp_path / "nothing")
    (tmp_path / "word.html").write_text("<![foo[ ]]>")
    kept = os.fsencode(tmp_path) + b"/a\xff.html"
    Path(os.fsdecode(kept)).write_text(render_facts(facts), encoding="utf-8")
    (card,) = cards(tmp_path)
    assert card.link == "a%FF.html"


@pytest.mark.parametrize("name", ["index.html", "report-2026-11-14.html"])
def test_an_archive_overwrites_nothing_foreign(database: Path, tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("mine")
    with pytest.raises(ReportError, match="Something else has the place"):
        archive_report(database, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_two_organisations_do_not_share_an_archive(
    database: Path, facts: Facts, tmp_path: Path
) -> None:
    archive_report(database, tmp_path)
    archive_report(database, tmp_path)
    other = replace(facts, overview=replace(facts.overview, organisation="Another"))
    (tmp_path / "report-2026-11-14.html").write_text(render_facts(other), encoding="utf-8")
    with pytest.raises(ReportError, match="Something else has the place"):
        archive_report(database, tmp_path)
