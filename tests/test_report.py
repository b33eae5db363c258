"""The report's words, bytes and odd states, without a browser."""

from __future__ import annotations

import base64
import csv
import gzip
import io
import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import altair as alt
import duckdb
import jsonschema
import pytest
import report_fixture as fixture
from large_fixture import large
from report_reader import Page

from quarterdeck.reports import charts, drawing, wording
from quarterdeck.reports import formats as fmt
from quarterdeck.reports.contents import contents
from quarterdeck.reports.drawing import vegalite_to_svg
from quarterdeck.reports.errors import ReportError
from quarterdeck.reports.facts import (
    AGENTS_SHOWN,
    QUARTERS_SHOWN,
    Authorship,
    Facts,
    read_facts,
)
from quarterdeck.reports.page import render, write_report
from quarterdeck.reports.summary import settings
from quarterdeck.reports.tables import table
from quarterdeck.reports.theme import HATCHES, PALETTE
from quarterdeck.sql.connect import DatabaseError, connect_read_only

HOSTILE = "<img src=x onerror=alert(1)></script><script>alert(2)</script>\"'&{{7*7}}"


def make(folder: Path, rows: fixture.Rows) -> Path:
    return fixture.build(folder / "quarterdeck.duckdb", rows)


def facts_of(path: Path) -> Facts:
    with connect_read_only(path) as connection:
        return read_facts(path, connection)


def csv_files(page: Page) -> dict[str, list[list[str]]]:
    return {
        str(link["download"]): list(
            csv.reader(io.StringIO(unquote(str(link["href"]).split(",", 1)[1])))
        )
        for link in page.all("a")
        if "download" in link
    }


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make(tmp_path_factory.mktemp("report"), fixture.organisation())


@pytest.fixture(scope="module")
def html(database: Path) -> str:
    return render(database)


@pytest.fixture(scope="module")
def page(html: str) -> Page:
    return Page(html)


def test_lead_states_both_multiples_and_their_intervals(page: Page) -> None:
    assert (
        "In 2026Q3, active contributors landed 3.4 times as much code per head and day as in the "
        "baseline of 2021Q3 to 2024Q2 (95% interval 2.7 to 4.3); so far in 2026Q4, 3.9 times "
        "(3.1 to 5.0)." in page.words()
    )


def test_key_figures_have_bounds_n_and_change(page: Page) -> None:
    words = page.words()
    for part in (
        "Shipped-code multiple, 2026Q3 3.4× 95% interval 2.7 to 4.3 +0.3× since the quarter before "
        "n = 31 contributors",
        "Model share of code lines, 2026Q3 48% at least 39% declared or attested, at most 64%",
        "Pull requests merged, 2026Q3 77% 95% interval",
        "; baseline 75%",
        "n = 212 pull requests",
        "Code lines alive at 90 days 90% 95% interval 87 to 92%, all quarters 90% of 2026Q3's: "
        "±0 points since the quarter before n = 410,000 lines, 41 contributors",
        "of pull requests opened in 2026Q3 were merged within 30 days",
        "Against their own baseline: the same contributors in 2026Q3 at 2.4× and the same "
        "repositories in 2026Q3 at 2.4×",
    ):
        assert part in words


def test_sections_are_all_there(page: Page) -> None:
    ids = [attributes.get("id") for attributes in page.all("section")]
    wanted = ["shipped", "authors", "lasting", "success", "pace", "where", "quality", "method"]
    assert [name for name in ids if name] == wanted
    assert "select repository_id, commit_id" in page.words()
    assert "from trace_multiple('2026Q3')" in page.words()


def test_outcomes_are_told(page: Page) -> None:
    words = page.words()
    for part in (
        "61% of pull requests opened in 2026Q3 were merged, stayed, and had half of their code "
        "alive after 90 days",
        "1.2% of changes landed in 2026Q3 were reverted within 30 days",
        "Half of the pull requests opened in 2026Q3 were merged within 2.4 days",
        "22% of pull requests merged in 2026Q3 had no review by a person",
        "Code lines per contributor doubled every 9.6 months; acceleration: not established",
        "95% interval 7.1 to 15 months, 9 quarters",
        "In 2026Q3, 4 of 31 contributors landed 38% of all contributors' code lines",
    ):
        assert part in words


def test_equal_databases_give_equal_bytes(tmp_path: Path, html: str) -> None:
    rows = fixture.organisation()
    backwards = {name: list(reversed(rows[name])) for name in reversed(list(rows))}
    vegalite_to_svg.cache_clear()
    assert render(make(tmp_path, backwards)) == html


def test_page_is_small_and_asks_for_nothing(html: str, page: Page) -> None:
    assert len(html.encode()) < 1_500_000
    for tag, attributes in page.elements:
        assert not ({"src", "srcset", "poster", "action", "style"} & attributes.keys()), tag
        assert not any(name.startswith("on") for name in attributes), tag
        address = attributes.get("href") or "#"
        assert address.startswith(("#", "data:text/csv")), address
    assert not page.all("link")
    assert not page.all("img")
    assert "@import" not in html
    style = re.search(r"<style>(.*?)</style>", html, re.DOTALL)
    assert style is not None
    assert "url(" not in style.group(1)


def test_policy_is_strict(page: Page) -> None:
    policy = next(m["content"] for m in page.all("meta") if "http-equiv" in m)
    assert policy is not None
    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    assert "unsafe" not in policy
    assert len(re.findall(r"'sha256-[A-Za-z0-9+/]{43}='", policy)) == 3


def test_every_chart_has_a_text_with_numbers_and_a_table(html: str, page: Page) -> None:
    charts = [a for a in page.all("div") if "data-chart" in a]
    assert len(charts) == fixture.CHARTS
    for chart in charts:
        assert chart["role"] == "img"
        assert re.search(r"\d", str(chart["aria-label"])), chart
    for figure in re.findall(r"<figure.*?</figure>", html, re.DOTALL):
        assert "data-chart" in figure
        assert "<details" in figure
        assert "<table>" in figure
        assert "download=" in figure
    headline = next(c for c in charts if c["data-chart"] == "multiple")
    assert "2026Q3 3.4× (2.7 to 4.3)" in str(headline["aria-label"])


def test_ids_are_unique_and_paints_exist(html: str, page: Page) -> None:
    ids = [a["id"] for _, a in page.elements if a.get("id")]
    assert len(ids) == len(set(ids))
    assert set(re.findall(r"url\(#qd-hatch-([a-z-]+)\)", html)) <= set(HATCHES)
    assert set(re.findall(r"var\(--qd-([a-z-]+)\)", html)) <= set(PALETTE)
    paints = [str(value) for _, a in page.elements for value in a.values()]
    references = {found for value in paints for found in re.findall(r"^url\(#(.+)\)$", value)}
    assert references
    assert references <= set(ids)


def test_csv_holds_nine_digits_and_empty_for_missing(page: Page) -> None:
    files = csv_files(page)
    assert set(files) == {
        "shipped_code_multiple.csv", "shipped_code_measures.csv", "authorship_by_quarter.csv",
        "agents_by_quarter.csv", "merge_success_by_quarter.csv", "file_classes_by_quarter.csv",
        "repositories.csv", "repositories_by_quarter.csv", "languages_by_quarter.csv",
        "data_quality.csv", "survival_of_code_lines.csv",
        "churn_by_quarter.csv", "fixed_sets.csv", "reverts_by_quarter.csv",
        "ladder_by_agent_and_tier.csv", "time_to_merge.csv", "review_load.csv", "pace.csv",
        "concentration.csv",
    }  # fmt: skip
    header, *rows = files["shipped_code_multiple.csv"]
    assert header[:4] == ["Measure", "Quarter", "Period", "Multiple"]
    assert len(rows) == 22
    assert rows[-1][:4] == ["code_lines", "2026Q4", "so far", "3.9"]
    tide = next(row for row in files["repositories.csv"] if row[0] == "tide-tables")
    assert tide[1:4] == [repr(3.4 * (0.7 + 0.2 * 3)), "", ""]


def test_hostile_strings_stay_text(tmp_path: Path) -> None:
    rows = fixture.organisation()
    rows = fixture.changed(
        rows,
        "repositories",
        lambda row: {"repository_id": row["repository_id"] + HOSTILE, "problem": HOSTILE},
    )
    rows = fixture.changed(rows, "agents_quarterly", lambda row: {"agent": row["agent"] + HOSTILE})
    rows = fixture.changed(rows, "file_classes_quarterly", lambda row: {"class": HOSTILE})
    rows = fixture.changed(rows, "data_quality", lambda _: {"issue": HOSTILE, "detail": HOSTILE})
    rows = fixture.changed(
        rows, "report_facts", lambda _: {"organisation": HOSTILE, "preset": HOSTILE}
    )
    html = render(make(tmp_path, rows))
    page = Page(html)
    assert len(page.all("script")) == 3
    assert not page.all("img")
    assert HOSTILE in page.words()
    assert "49" not in re.findall(r"Definition (\S+)", page.words())


def test_spreadsheet_formulas_are_defused() -> None:
    made = table("t", "t", (("Name", "text"), ("N", "count")), [("=1+1", -2), ("@x", None)])
    assert made.csv() == "Name,N\n'=1+1,-2\n'@x,\n"


def test_no_person_is_named(html: str) -> None:
    assert "Ingrid" not in html
    assert "@harbour" not in html
    assert "/clones" not in html


def test_settings_in_force_leave_people_out(database: Path) -> None:
    shown = settings(facts_of(database).overview)
    assert ("baseline.from", "2021-07-01") in shown
    assert shown == sorted(shown)
    assert not any("identit" in key for key, _ in shown)


def test_missing_is_a_dash_and_never_zero() -> None:
    for text in (fmt.times(None), fmt.percent(None), fmt.count(None), fmt.signed(None),
                 fmt.times_interval(None, 2.0), fmt.percent_interval(None, None)):  # fmt: skip
        assert text == fmt.MISSING


@pytest.mark.parametrize(
    ("made", "wanted"),
    [
        (fmt.times(3.449), "3.4×"),
        (fmt.times(9.96), "10×"),
        (fmt.times(-1.25), "−1.2×"),
        (fmt.percent(0.001), "<1%"),
        (fmt.percent(0.0), "0%"),
        (fmt.percent(0.9999), ">99%"),
        (fmt.percent(1.0), "100%"),
        (fmt.bound("at most", 0.72), "at most 72%"),
        (fmt.bound("at most", 0.9999), "less than 100%"),
        (fmt.bound("at least", 0.001), "more than 0%"),
        (fmt.signed(-2.6, "points"), "−3 points"),
        (fmt.signed(0.04), "±0.0"),
        (fmt.signed(0.7, "points"), "+1 point"),
        (fmt.plural(1, "repository"), "1 repository"),
        (fmt.plural(2, "repository"), "2 repositories"),
        (fmt.plural(2, "day"), "2 days"),
        (fmt.listed(["a", "b", "c"]), "a, b and c"),
        (fmt.percent_interval(0.558, 0.721), "56 to 72%"),
    ],
)
def test_formats(made: str, wanted: str) -> None:
    assert made == wanted


def test_interval_over_one_is_not_called_a_difference(tmp_path: Path) -> None:
    level = {"multiple": 1.1, "multiple_low": 0.8, "multiple_high": 1.4}
    rows = fixture.changed(fixture.organisation(), "multiples", lambda _: level)
    facts = facts_of(make(tmp_path, rows))
    latest = next(m for m in facts.multiples if m.measure == "code_lines" and m.quarter == "2026Q3")
    note = wording.lead_note(latest, None)
    assert note is not None
    assert "a difference from the baseline is not established" in note
    title = wording.multiple_title(facts.multiples, latest)
    assert title is not None
    assert "cannot be told from the baseline" in title


def test_words_are_never_causal(page: Page) -> None:
    causal = r"\b(because of|due to|thanks to|caused|drove|driven by|boosted|led to)\b"
    assert not re.search(causal, page.words())


def test_long_history_and_many_agents_stay_readable(tmp_path: Path) -> None:
    rows = fixture.organisation(50, 10)
    extra = [
        row | {"agent": f"Agent {n:02}", "model_lines": row["model_lines"] / (10 + n)}
        for n in range(25)
        for row in rows["agents_quarterly"]
        if row["agent"] == "Codex"
    ]
    path = make(tmp_path, rows | {"agents_quarterly": rows["agents_quarterly"] + extra})
    facts = facts_of(path)
    assert len({row.quarter for row in facts.multiples}) == QUARTERS_SHOWN
    agents = list(dict.fromkeys(row.agent for row in facts.agents))
    assert len(agents) == AGENTS_SHOWN + 1
    assert agents[-1] == "Other agents"
    for quarter in ("2026Q3", "2025Q4"):
        folded = sum(row.model_lines or 0 for row in facts.agents if row.quarter == quarter)
        raw = [r for r in rows["agents_quarterly"] + extra if r["quarter"] == quarter]
        assert folded == pytest.approx(sum(row["model_lines"] for row in raw))


def test_large_organisation_stays_small(tmp_path: Path) -> None:
    rows = fixture.organisation(30, 10)
    many = large(rows) | {
        "repositories": [
            row | {"repository_id": f"{row['repository_id']}-{n}"}
            for n in range(67)
            for row in rows["repositories"]
        ],
    }
    html = render(make(tmp_path, rows | many))
    assert len(html.encode()) < 1_500_000
    words = Page(html).words()
    assert "tide-tables-10 (the remote did not answer), and 64 more." in words
    assert "and 57 more, named in the table of repositories" in words
    assert "30 agents left evidence in 2026Q3" in words
    assert "The 8 with the most code lines, of 12." in words


def test_quarters_before_the_baseline_are_not_shown(tmp_path: Path) -> None:
    def change(row: dict[str, Any]) -> dict[str, Any]:
        return {"is_baseline": "2023Q1" <= row["quarter"] <= "2024Q2"}

    rows = fixture.changed(fixture.organisation(), "multiples", change)
    facts = facts_of(make(tmp_path, rows))
    assert facts.multiples[0].quarter == "2023Q1"
    assert facts.authorship[0].quarter == "2023Q1"


def test_change_needs_the_quarter_just_before(tmp_path: Path) -> None:
    rows = fixture.organisation()
    kept = [row for row in rows["multiples"] if row["quarter"] != "2026Q2"]
    facts = facts_of(make(tmp_path, rows | {"multiples": kept}))
    found = {m.quarter: m.change for m in facts.multiples if m.measure == "code_lines"}
    assert found["2026Q3"] is None
    assert found["2026Q4"] == pytest.approx(0.5)


def test_write_report_replaces_whole_and_leaves_nothing_behind(
    database: Path, html: str, tmp_path: Path
) -> None:
    target = tmp_path / "new" / "report.html"
    assert write_report(database, target) == target
    target.write_text("old", encoding="utf-8")
    write_report(database, target)
    assert target.read_text(encoding="utf-8") == html
    assert [path.name for path in target.parent.iterdir()] == ["report.html"]


def test_write_report_names_a_target_that_cannot_be_written(database: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x", encoding="utf-8")
    with pytest.raises(ReportError, match="cannot be written") as caught:
        write_report(database, tmp_path / "file" / "report.html")
    assert caught.value.remedy
    with pytest.raises(ReportError, match="cannot be written"):
        write_report(database, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_database_without_marts_is_named(tmp_path: Path) -> None:
    path = tmp_path / "other.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute("create table t (x integer)")
    with pytest.raises(ReportError, match="lacks what the report reads") as caught:
        render(path)
    assert caught.value.where == path
    with pytest.raises(ReportError, match="no finished build"):
        render(make(tmp_path, {}))
    with pytest.raises(DatabaseError):
        render(tmp_path / "none.duckdb")


def test_charts_are_packed_json(html: str) -> None:
    found = re.search(
        r'<script type="application/gzip" id="charts">([A-Za-z0-9+/=]*)</script>', html
    )
    assert found is not None
    data = json.loads(gzip.decompress(base64.b64decode(found.group(1))))
    assert len(data["charts"]) == fixture.CHARTS


def test_every_part_drawn_has_a_label_also_where_the_last_quarter_lacks_it() -> None:
    def quarter(name: str, human: float, undeclared: float) -> Authorship:
        shares = (0.0, 0.0, 1.0, 0.0, 0.0, 0.0, human, 0.0, undeclared)
        return Authorship(name, False, 100.0, *shares, 1, 0, None)

    rows = [quarter("2020Q4", 1.0, 0.0), quarter("2026Q2", 0.0, 1.0)]
    drawn = json.dumps(charts.authorship_by_quarter(rows, 800), default=str)
    assert "Human 0%" in drawn
    assert "Undeclared 100%" in drawn
    assert "Automation 0%" not in drawn


def test_charts_are_valid_vega_lite(database: Path) -> None:
    """Altair's own check, which a report leaves out, on one drawing of each figure."""
    validator = jsonschema.Draft7Validator(alt.LayerChart._rootschema)
    for figure in contents(facts_of(database)).figures:
        specification = dict(figure.panels[-1].drawings[-1].specification)
        del specification["datasets"], specification["$schema"]
        assert [e.message for e in validator.iter_errors(specification)] == [], figure.key


def test_bundle_is_kept_whole_or_made_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    made: list[str] = []

    def make() -> str:
        made.append("a")
        return "some()\ncode"

    assert drawing._kept("x.js", make) == drawing._kept("x.js", make) == "some()\ncode"
    assert made == ["a"]
    (kept,) = (tmp_path / "quarterdeck").iterdir()
    kept.write_text(kept.read_text()[:-1])
    assert drawing._kept("x.js", make) == "some()\ncode"
    assert made == ["a", "a"]
    kept.unlink()
    (tmp_path / "quarterdeck").rmdir()
    (tmp_path / "quarterdeck").write_text("a file")
    assert drawing._kept("x.js", make) == "some()\ncode"
