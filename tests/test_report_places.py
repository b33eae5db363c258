"""One repository's page, reports that were kept, releases marked, and where the code landed."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import report_fixture as fixture
from click.testing import CliRunner, Result
from report_reader import Page

from quarterdeck.flows.cli import main
from quarterdeck.flows.digests import report_digest
from quarterdeck.flows.settings import load_settings
from quarterdeck.reports import charts, marks, wording
from quarterdeck.reports import formats as fmt
from quarterdeck.reports.archive import cards, slug
from quarterdeck.reports.contents import contents
from quarterdeck.reports.errors import ReportError
from quarterdeck.reports.facts import PLACES_SHOWN, Facts
from quarterdeck.reports.growth import fixed_sets_figure
from quarterdeck.reports.page import read, render_facts
from quarterdeck.reports.places import languages_figure, places_figure
from quarterdeck.reports.provenance import read_made_of
from quarterdeck.reports.releases import OWN, chosen_releases, in_quarters, read_releases

HOSTILE = "<img src=x onerror=alert(1)>\"'"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("places")
    fixture.build(made / "good.duckdb", fixture.organisation())
    return made


@pytest.fixture(scope="module")
def facts(folder: Path) -> Facts:
    return read(folder / "good.duckdb")


def report(folder: Path, *arguments: str) -> Result:
    command = ["report", "--database", str(folder / "good.duckdb"), *arguments]
    return CliRunner().invoke(main, command, catch_exceptions=False)


def test_a_page_of_one_repository_has_its_own_numbers(folder: Path) -> None:
    target = folder / "one.html"
    made = report(folder, "--repository", "harbour-web", "--output", str(target))
    assert made.stdout == f"{target}\n"
    words = Page(target.read_text(encoding="utf-8")).words()
    assert words.startswith("harbour-web: shipped code to 2026Q3")
    assert "harbour-web of Harbourlight, 1 repository, 4,300 landed changes" in words
    assert "In 2026Q3, active contributors landed 3.7 times as much code per head and day" in words
    assert "tide-tables" not in words and "harbour-api" not in words
    assert "No pull request is known in these repositories." in words


def test_every_form_can_be_of_one_repository(folder: Path) -> None:
    chosen = ("--repository", "harbour-web")
    found = json.loads(report(folder, *chosen, "--format", "json").stdout)
    assert found["overview"]["repository"] == "harbour-web"
    assert {row["name"] for row in found["repositories"]} == {"harbour-web"}
    assert found["key_figures"][0]["value"] == "3.7×"
    compared = report(folder, *chosen, "--compare", "2026Q2", "2026Q3").stdout
    assert compared.startswith("## harbour-web: 2026Q2 and 2026Q3\n")
    assert "| Multiple: code lines | 3.4× |" in compared


def test_an_unknown_repository_is_named_with_those_that_are_near(folder: Path) -> None:
    wrong = report(folder, "--repository", "harbor-web")
    assert (wrong.exit_code, wrong.stdout) == (3, "")
    assert "No repository 'harbor-web'" in wrong.stderr
    assert "It holds 3 repositories, such as: harbour-web" in wrong.stderr


def test_reports_are_kept_with_an_index(folder: Path) -> None:
    archive = folder / "kept"
    earlier = read(folder / "good.duckdb")
    overview = replace(earlier.overview, cutoff="2026-08-01 00:00 UTC", organisation=HOSTILE)
    archive.mkdir()
    old = render_facts(replace(earlier, overview=overview))
    (archive / "a report of ours.html").write_text(old, encoding="utf-8")
    (archive / "other.html").write_text("<meta name='quarterdeck-report' content='{'>")
    for chosen in ((), ("--repository", "harbour-web"), ()):
        made = report(folder, "--archive", str(archive), *chosen)
        assert made.exit_code == 0, made.stderr
    assert made.stdout == f"{archive / 'report-2026-11-14.html'}\n{archive / 'index.html'}\n"
    page = Page((archive / "index.html").read_text(encoding="utf-8"))
    assert [a["href"] for a in page.all("a")] == [
        "report-2026-11-14.html",
        "report-harbour-web-2026-11-14.html",
        "a%20report%20of%20ours.html",
    ]
    assert all((archive / card.file).is_file() for card in cards(archive))
    assert page.words().count("active contributors landed 3.4 times") == 3
    assert HOSTILE in page.words() and not page.all("img") and not page.all("script")


def test_what_does_not_go_with_an_archive_is_refused(folder: Path) -> None:
    for extra in (("--format", "json"), ("--output", "x.html"), ("--compare", "a", "b")):
        assert report(folder, "--archive", str(folder / "no"), *extra).exit_code == 2
    assert not (folder / "no").exists()


def test_names_of_repositories_are_safe_as_file_names() -> None:
    assert slug("acme/api") == "acme--api"
    assert slug("häfen.git") == "häfen.git"
    near = ["acme/api", "acme--api", "acme-api", "acme api", "acme:api", "../..", "..", "x" * 300]
    made = [slug(name) for name in near]
    assert len(set(made)) == len(near) and max(map(len, made)) < 60
    assert not any("/" in name or name.startswith((".", "-")) for name in made)


def test_releases_are_marked_only_where_asked_and_only_in_quarters_shown(facts: Facts) -> None:
    rows = [row for row in facts.multiples if row.measure == "code_lines"]
    found = in_quarters(read_releases(OWN), rows)
    assert found.by_quarter == {
        "2022Q2": ["a"], "2024Q1": ["b"], "2025Q1": ["c"], "2025Q2": ["d", "e", "f", "g"],
        "2025Q3": ["h"],
    }  # fmt: skip
    assert "2021-06-29" not in found.notes[0]
    assert found.notes[0].startswith("Dotted: releases, not causes. a GitHub Copilot, generally")
    assert chosen_releases(False) == ()
    plain, marked = (contents(facts, releases) for releases in ((), read_releases(OWN)))
    assert "Dotted" not in " ".join(plain.top.notes)
    assert "d–g" in marked.top.panels[0].drawings[0].svg
    assert "d–g" not in plain.top.panels[0].drawings[0].svg


def test_own_releases_are_read_and_mistakes_are_named(tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    own.write_text('[[releases]]\ndate = 2025-01-02\nname = "Ours"\nsource = "Memo"\n')
    assert [release.name for release in chosen_releases(own)] == ["Ours"]
    for text in ("x = 1", "[[releases]]\nname = 'a'", "[[releases"):
        own.write_text(text)
        with pytest.raises(ReportError):
            chosen_releases(own)
    with pytest.raises(ReportError, match="cannot be read"):
        chosen_releases(tmp_path / "none.toml")


def test_settings_switch_the_marks_on(folder: Path, tmp_path: Path) -> None:
    settings = tmp_path / "quarterdeck.toml"
    settings.write_text(f'database = "{folder / "good.duckdb"}"\nrelease_marks = true\n')
    made = CliRunner().invoke(main, ["report", "--settings", str(settings)], catch_exceptions=False)
    report = Path(made.stdout.strip())
    assert "Dotted: releases" in report.read_text(encoding="utf-8")
    loaded = load_settings(settings)
    assert read_made_of(report) == report_digest(loaded)
    others = [
        loaded.model_copy(update={"release_marks": marks})
        for marks in (False, OWN.with_name("wording.py"), OWN)
    ]
    assert len({report_digest(other) for other in (loaded, *others)}) == 4


def test_a_file_that_tells_nothing_was_made_of_nothing_known(tmp_path: Path) -> None:
    (tmp_path / "other.html").write_text("<html>")
    for name in ("other.html", "none.html", "."):
        assert read_made_of(tmp_path / name) is None


def test_places_have_panels_on_one_scale_and_a_title(facts: Facts) -> None:
    figure = places_figure(facts, "repository", "2026Q3")
    assert figure is not None and figure.title == (
        "In 2026Q3, 3 repositories stood at 3.1× to 4.4× their own baselines; all 2 with "
        "an interval are above"
    )
    assert [panel.title for panel in figure.panels] == fixture.REPOSITORIES
    assert places_figure(facts, "team", "2026Q3") is None
    alone = replace(facts, places=tuple(r for r in facts.places if r.name == "tide-tables"))
    assert places_figure(alone, "repository", "2026Q3") is None


def test_many_repositories_and_languages_are_top_n_and_others(tmp_path: Path) -> None:
    rows = fixture.organisation(4, 3)
    for table in ("multiples", "authorship_quarterly"):
        rows[table] += [
            row | {"scope_name": f"{row['scope_name']}-{n}"}
            for n in range(30)
            for row in rows[table]
            if row["scope"] == "repository"
        ]
    rows["languages_quarterly"] = [
        row | {"language": f"Language {n:02}", "share": 1 / 20, "added_lines": 100 - n}
        for n in range(20)
        for row in rows["languages_quarterly"]
        if row["language"] == "Go"
    ]
    facts = read(fixture.build(tmp_path / "many.duckdb", rows))
    places = places_figure(facts, "repository", "2026Q3")
    languages = languages_figure(facts, "2026Q3")
    assert places is not None and len(places.panels) == PLACES_SHOWN
    assert languages is not None and len(languages.panels) == PLACES_SHOWN + 1
    assert (languages.panels[-1].title, languages.panels[-1].value) == ("Other languages", "60%")


def test_fixed_sets_mark_the_quarter_that_is_not_over(facts: Facts) -> None:
    figure = fixed_sets_figure(facts)
    assert figure is not None and figure.table is not None
    assert [row[2] for row in figure.table.rows][-1] == "so far"
    assert all(panel.value == "2.4×" for panel in figure.panels)  # of the last whole quarter
    drawn = json.dumps(figure.panels[0].drawings[0].specification)
    assert '"fill": "var(--qd-paper)"' in drawn
    assert "2026Q4, so far" in drawn


def test_panels_side_by_side_have_the_same_quarters(facts: Facts) -> None:
    late = tuple(r for r in facts.merges if r.author_class != "model" or r.quarter >= "2026Q1")
    for figure in contents(replace(facts, merges=late)).figures:
        if figure.key == "merges":
            axes = [
                re.search(r'"domain": (\["\d{4}Q.*?\])', json.dumps(p.drawings[0].specification))
                for p in figure.panels
            ]
            assert len({axis[1] for axis in axes if axis}) == 1
            assert None not in axes


@pytest.mark.parametrize(
    ("low", "high", "wanted"),
    [
        (0.7, 6.0, [1, 2, 5]),
        (0.02, 30.0, [0.1, 1, 10]),
        (0.8, 1.3, [1]),
        (1e-6, 10.0, [1e-6, 1e-4, 1e-2, 1]),
    ],
)
def test_logarithmic_ticks_are_few_and_round(low: float, high: float, wanted: list[float]) -> None:
    assert marks.log_ticks(low, high) == wanted


def test_near_nothing_is_not_nothing() -> None:
    made = [fmt.number(value) for value in (0.0, 0.0004, 0.0123, 0.094, 0.0951, -0.02)]
    assert made == ["0.0", "<0.001", "0.01", "0.09", "0.1", "−0.02"]


def test_words_on_the_chart_stand_on_paper(facts: Facts) -> None:
    rows = [row for row in facts.multiples if row.measure == "code_lines"]
    layers: list[dict[str, Any]] = charts.multiple_by_quarter(rows, 860)["layer"]
    texts = [layer["mark"] for layer in layers if layer["mark"]["type"] == "text"]
    edges, inks = texts[::2], texts[1::2]
    assert all(mark["stroke"] == "var(--qd-paper)" for mark in edges)
    assert len(edges) == len(inks) == 2
    assert wording.multiples_text(rows)
