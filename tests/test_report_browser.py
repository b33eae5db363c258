"""The report in a real Chromium: live charts, no request, no complaint, nothing hostile runs."""

from __future__ import annotations

import csv
import io
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import report_fixture as fixture
from axe_playwright_python.sync_playwright import Axe

from quarterdeck.reports.page import write_report

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
HOSTILE = "<img src=x onerror=window.ran=1></script><script>window.ran=2</script>\"'"

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed (apt install chromium)"),
]

_WATCH = """
window.violations = [];
document.addEventListener("securitypolicyviolation", (event) => {
  window.violations.push(`${event.violatedDirective} ${event.blockedURI}`);
});
"""


@dataclass
class Visit:
    """An opened report and all that the browser reported about it."""

    page: sync_api.Page
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sync_api.Browser]:
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=ARGUMENTS, timeout=600_000
        )
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("report")
    database = fixture.build(folder / "quarterdeck.duckdb", fixture.organisation())
    return write_report(database, folder / "report.html")


@pytest.fixture(scope="module")
def hostile_report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("hostile")
    rows = fixture.organisation()
    for table, column in (
        ("agents_quarterly", "agent"),
        ("file_classes_quarterly", "class"),
        ("repositories", "repository_id"),
        ("repositories", "problem"),
        ("data_quality", "detail"),
        ("report_facts", "organisation"),
    ):
        rows = fixture.changed(
            rows, table, lambda row, column=column: {column: f"{row[column]} {HOSTILE}"}
        )
    database = fixture.build(folder / "quarterdeck.duckdb", rows)
    return write_report(database, folder / "report.html")


def visit(browser: sync_api.Browser, report: Path, **options: object) -> Visit:
    context = browser.new_context(**{"viewport": {"width": 1280, "height": 900}} | options)
    context.set_default_timeout(600_000)
    page = context.new_page()
    found = Visit(page)
    page.add_init_script(_WATCH)
    page.on("request", lambda request: found.requests.append(request.url))
    page.on("console", lambda message: found.complaints.append(message.text))
    page.on("pageerror", lambda error: found.complaints.append(str(error)))
    page.goto(report.as_uri())
    if options.get("java_script_enabled", True):
        page.wait_for_selector("html[data-drawn]")
    return found


def scroll_to(mark: sync_api.Locator) -> None:
    """Scroll, and wait for the event that hides the tooltip: it comes before a frame is drawn."""
    mark.scroll_into_view_if_needed()
    mark.evaluate("() => new Promise(d => requestAnimationFrame(() => requestAnimationFrame(d)))")


@pytest.fixture(scope="module")
def opened(browser: sync_api.Browser, report: Path) -> Iterator[Visit]:
    found = visit(browser, report, accept_downloads=True)
    yield found
    found.page.context.close()


def test_all_charts_are_live(opened: Visit) -> None:
    page = opened.page
    charts = page.locator("[data-chart]").count()
    assert charts == fixture.CHARTS
    assert page.locator("[data-chart][data-live]").count() == charts
    assert page.locator("[data-chart] > .live svg").count() == charts
    assert page.locator("[data-chart] .still:visible").count() == 0
    assert page.locator("[data-chart='multiple'] .live .mark-rect path").count() >= 22


def test_nothing_leaves_the_page_and_nobody_complains(opened: Visit, report: Path) -> None:
    assert opened.requests == [report.as_uri()]
    assert opened.complaints == []
    assert opened.page.evaluate("window.violations") == []


def test_policy_refuses_other_scripts_and_connections(
    browser: sync_api.Browser, report: Path
) -> None:
    found = visit(browser, report)
    found.page.evaluate(
        """() => {
          const script = document.createElement("script");
          script.textContent = "window.ran = 1";
          document.body.append(script);
          return fetch("http://127.0.0.1:9/")
            .catch(() => new Promise((done) => setTimeout(done, 200)));
        }"""
    )
    violations = found.page.evaluate("window.violations")
    assert any(v.startswith("script-src") for v in violations)
    assert any(v.startswith("connect-src") for v in violations)
    assert found.page.evaluate("window.ran") is None
    found.page.context.close()


def test_tooltip_tells_the_number(opened: Visit) -> None:
    bars = opened.page.locator("[data-chart='multiple'] .live .mark-rect").first.locator("path")
    scroll_to(bars.nth(20))
    bars.nth(20).hover(position={"x": 5, "y": 60})
    tip = opened.page.locator(".tip")
    tip.wait_for(state="visible")
    words = " ".join(tip.inner_text().split())
    assert words == (
        "Quarter 2026Q3 Multiple 3.4× 95% interval 2.7 to 4.3 Contributors 31 Landed changes 830"
    )
    opened.page.mouse.move(2, 2)
    tip.wait_for(state="hidden")


def test_table_opens_by_keyboard_and_csv_downloads(opened: Visit, tmp_path: Path) -> None:
    figure = opened.page.locator("#figure-multiple")
    table = figure.locator("table")
    assert not table.is_visible()
    figure.locator("summary").focus()
    opened.page.keyboard.press("Enter")
    table.wait_for(state="visible")
    assert table.locator("tbody tr").count() == 22
    assert "3.40" in table.locator("tbody tr").nth(20).inner_text()
    with opened.page.expect_download() as waiting:
        figure.locator("a[download]").click()
    assert waiting.value.suggested_filename == "shipped_code_multiple.csv"
    target = tmp_path / "downloaded.csv"
    waiting.value.save_as(target)
    rows = list(csv.DictReader(io.StringIO(target.read_text(encoding="utf-8"))))
    assert len(rows) == 22
    assert rows[20]["Quarter"] == "2026Q3"
    assert float(rows[20]["Multiple"]) == 3.4
    assert rows[20]["Contributors (n)"] == "31"
    figure.locator("summary").click()
    table.wait_for(state="hidden")


def test_a_part_of_the_legend_can_be_picked_out_by_keyboard(opened: Visit) -> None:
    page = opened.page
    bars = page.locator("[data-chart='authorship'] .live .mark-rect path")

    def is_faded(some: bool) -> None:
        """Wait for the view: it runs before it draws."""
        page.wait_for_function(
            """([bars, some]) => {
              const faded = bars.filter(bar => bar.getAttribute("opacity") === "0.1").length;
              return some ? 0 < faded && faded < bars.length : faded === 0;
            }""",
            arg=[bars.element_handles(), some],
        )

    is_faded(False)
    button = page.get_by_role("button", name="Undeclared", exact=True)
    button.focus()
    page.keyboard.press("Enter")
    assert button.get_attribute("aria-pressed") == "true"
    is_faded(True)
    page.keyboard.press("Enter")
    assert button.get_attribute("aria-pressed") == "false"
    is_faded(False)


def test_a_small_chart_can_be_enlarged(opened: Visit) -> None:
    page = opened.page
    chart = page.locator("[data-chart='companion-0']")
    svg = chart.locator(".live svg")
    before = svg.bounding_box()
    button = page.locator("#figure-companions .enlarge").first
    button.press("Enter")
    page.wait_for_function(
        "([chart, width]) => chart.querySelector('.live svg').clientWidth > 2 * width",
        arg=[chart.element_handle(), before["width"] if before else 0],
    )
    button.press("Enter")
    page.wait_for_function(
        "([chart, width]) => chart.querySelector('.live svg').clientWidth <= width + 1",
        arg=[chart.element_handle(), before["width"] if before else 0],
    )


def test_a_printed_page_is_in_sane_parts(browser: sync_api.Browser, report: Path) -> None:
    found = visit(browser, report)
    found.page.emulate_media(media="print")
    assert (
        found.page.locator("nav, .filter, .enlarge, details.data").locator("visible=true").count()
        == 0
    )
    assert found.page.locator("[data-chart='multiple'] svg").locator("visible=true").count() == 1
    pages = len(re.findall(rb"/Type\s*/Page\b", found.page.pdf(format="A4")))
    assert 5 <= pages <= 16
    found.page.context.close()


def test_hostile_strings_do_not_run(browser: sync_api.Browser, hostile_report: Path) -> None:
    found = visit(browser, hostile_report)
    page = found.page
    assert page.locator("[data-chart][data-live]").count() == fixture.CHARTS
    bar = page.locator("[data-chart='agent-0'] .live .mark-rect path").last
    scroll_to(bar)
    bar.hover()
    page.locator(".tip").wait_for(state="visible")
    assert page.evaluate("window.ran") is None
    assert page.locator("img").count() == 0
    assert page.locator("script").count() == 3
    assert HOSTILE in page.locator("[data-chart='agent-0']").locator("..").inner_text()
    assert found.requests == [hostile_report.as_uri()]
    assert found.complaints == []
    assert page.evaluate("window.violations") == []
    page.context.close()


def test_page_stands_without_scripts(browser: sync_api.Browser, report: Path) -> None:
    found = visit(browser, report, java_script_enabled=False)
    stills = found.page.locator("[data-chart] .still:visible svg")
    assert stills.count() == fixture.CHARTS
    assert found.page.locator("h1").is_visible()
    found.page.context.close()


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 390)])
def test_axe_finds_no_violation(
    browser: sync_api.Browser, tmp_path: Path, scheme: str, width: int
) -> None:
    database = fixture.build(tmp_path / "quarterdeck.duckdb", fixture.organisation(3, 3))
    report = write_report(database, tmp_path / "report.html")
    found = visit(browser, report, color_scheme=scheme, viewport={"width": width, "height": 900})
    found.page.evaluate("document.querySelectorAll('details').forEach((d) => { d.open = true })")
    # rows are alike, and each of their cells takes its time
    found.page.evaluate(
        "document.querySelectorAll('tbody tr:nth-child(n+4)').forEach((row) => row.remove())"
    )
    rules = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
    # drawings are hidden from it: their text alternative is on the element around them
    context = {"exclude": [["svg"]]}
    result = Axe().run(
        found.page, context=context, options={"runOnly": {"type": "tag", "values": rules}}
    )
    assert result.response["passes"]
    told = [(v["id"], [n["target"] for n in v["nodes"]][:3]) for v in result.response["violations"]]
    assert told == []
    found.page.context.close()
