"""The report as Markdown, JSON and pictures, two quarters side by side, and opening it."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest
import report_fixture as fixture
from click.testing import CliRunner, Result

from quarterdeck.flows.cli import main

HOSTILE = "a|b @ada <img src=x onerror=alert(1)> [x](javascript:1) `c` \n# d"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("forms")
    fixture.build(made / "good.duckdb", fixture.organisation())
    rows = fixture.organisation()
    for table, column in (("report_facts", "organisation"), ("data_quality", "detail")):
        rows = fixture.changed(rows, table, lambda row, column=column: {column: HOSTILE})
    fixture.build(made / "hostile.duckdb", rows)
    return made


def report(folder: Path, *arguments: str, name: str = "good") -> Result:
    """`quarterdeck report` on a database of `folder`."""
    command = ["report", "--database", str(folder / f"{name}.duckdb"), *arguments]
    return CliRunner().invoke(main, command, catch_exceptions=False)


def test_markdown_says_what_the_page_says(folder: Path) -> None:
    said = report(folder, "--format", "markdown").stdout
    assert said.startswith("## Harbourlight: shipped code to 2026Q3\n\nIn 2026Q3, ")
    assert "| Shipped-code multiple, 2026Q3 | **3.4×** | 95% interval 2.7 to 4.3 |" in said
    for heading in ("Shipped code", "Who wrote it", "Success", "Data quality"):
        assert f"\n### {heading}\n" in said
    widths = {line.count("|") for line in said.split("\n\n")[2].splitlines()}
    assert widths == {6}


def test_text_from_repositories_means_nothing_in_markdown(folder: Path) -> None:
    said = report(folder, "--format", "markdown", name="hostile").stdout
    shown = "a\\|b @\u2060ada \\<img src=x onerror=alert(1)\\> \\[x\\](javascript:1) \\`c\\` \\# d"
    assert said.startswith(f"## {shown}: shipped code to 2026Q3\n")
    assert said.count(shown) == 3  # the name, and two gaps that affect something
    assert "@ada" not in said
    assert not re.search(r"(?<!\\)<img", said)


def test_json_holds_every_number(folder: Path) -> None:
    found = json.loads(report(folder, "--format", "json").stdout)
    rows = fixture.organisation()["multiples"]
    organisation = [row for row in rows if row["scope"] == "organisation"]
    assert len(found["multiples"]) == len(organisation)
    (row,) = (
        r for r in found["multiples"] if (r["measure"], r["quarter"]) == ("code_lines", "2026Q3")
    )
    assert row["multiple"] == pytest.approx(3.4)
    assert found["key_figures"][0]["value"] == "3.4×"
    assert found["findings"]["multiple"].startswith("Shipped code per contributor")


def test_equal_databases_give_equal_text(folder: Path) -> None:
    for form in ("markdown", "json"):
        first, second = (report(folder, "--format", form).stdout for _ in range(2))
        assert first == second


def test_each_chart_is_a_picture_that_stands_alone(folder: Path) -> None:
    written = report(folder, "--format", "png", "--output", str(folder / "charts")).stdout
    paths = [Path(line) for line in written.splitlines()]
    assert {path.suffix for path in paths} == {".png", ".svg"}
    assert folder / "charts" / "multiple.png" in paths
    for path in paths:
        if path.suffix == ".png":
            assert path.read_bytes().startswith(b"\x89PNG")
        else:
            text = path.read_text(encoding="utf-8")
            assert "var(" not in text
            assert ElementTree.fromstring(text).find("{http://www.w3.org/2000/svg}desc") is not None


def test_two_quarters_side_by_side(folder: Path) -> None:
    said = report(folder, "--compare", "2026Q2", "2026Q3").stdout
    assert said.startswith("## Harbourlight: 2026Q2 and 2026Q3\n")
    (row,) = (line for line in said.splitlines() if line.startswith("| Multiple: code lines |"))
    cells = [cell.strip() for cell in row.strip("|").split("|")]
    assert (cells[1], cells[4], cells[7]) == ("3.1×", "3.4×", "+0.3×")
    found = json.loads(report(folder, "--compare", "2026Q2", "2026Q3", "--format", "json").stdout)
    (code,) = (r for r in found["rows"] if r["measure"] == "code_lines")
    assert code["difference"] == pytest.approx(0.3)
    target = folder / "compared.html"
    compared = ["--compare", "2026Q2", "2026Q4", "--format", "html", "--output", str(target)]
    assert report(folder, *compared).stdout == f"{target}\n"
    page = target.read_text(encoding="utf-8")
    assert "2026Q4 is not finished." in page
    assert "script-src &#39;none&#39;" in page or "script-src 'none'" in page


def test_a_comparison_that_cannot_be(folder: Path) -> None:
    wrong = report(folder, "--compare", "2026Q2", "1999Q1")
    assert (wrong.exit_code, wrong.stdout) == (3, "")
    assert "No quarter '1999Q1'" in wrong.stderr
    assert "It holds: 20" in wrong.stderr
    assert report(folder, "--compare", "2026Q2", "2026Q3", "--format", "png").exit_code == 3


def test_open_shows_the_report_in_the_browser(tmp_path: Path) -> None:
    log = tmp_path / "log"
    browser = tmp_path / "browser"
    browser.write_text(f'#!/bin/sh\necho "$1" > {log}\n')
    browser.chmod(0o755)
    (tmp_path / "quarterdeck.toml").write_text('organisation = "Harbourlight"\n')

    def opened() -> "subprocess.CompletedProcess[str]":
        command = "from quarterdeck.flows.cli import entry; entry()"
        return subprocess.run(
            [sys.executable, "-c", command, "open"],
            cwd=tmp_path,
            env=os.environ | {"BROWSER": str(browser)},
            capture_output=True,
            text=True,
            check=False,
        )

    without = opened()
    assert without.returncode == 3
    assert "no report there" in without.stderr
    page = tmp_path / ".quarterdeck" / "reports" / "report.html"
    page.parent.mkdir(parents=True)
    page.write_text("<p>here")
    assert opened().stdout == f"{page}\n"
    assert log.read_text() == f"{page.as_uri()}\n"
