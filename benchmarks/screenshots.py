"""Pictures of a report at three sizes in light and dark, and as it is printed.

python -m benchmarks.screenshots REPORT FOLDER

Also says how long the page took: first paint, and until every chart is live.
"""

import shutil
import sys
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

SIZES = {"desk": (1280, 900), "tablet": (820, 1180), "phone": (390, 844)}
SCHEMES = ("light", "dark")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
_MARKS = "['ready', 'drawn'].map(name => Number(document.documentElement.dataset[name]))"
_PAINT = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime"


def main(report: Path, folder: Path) -> None:
    """Write `SIZE-SCHEME.png`, the top of it as `SIZE-SCHEME-top.png`, and `print.pdf`."""
    folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium") or shutil.which("chromium-browser"),
            args=ARGUMENTS,
        )
        for size in SIZES:
            for scheme in SCHEMES:
                print(_picture(browser, report, folder, size, scheme))
        page = browser.new_page()
        page.goto(report.absolute().as_uri())
        page.wait_for_selector("html[data-drawn]", timeout=120_000)
        page.pdf(path=folder / "print.pdf", format="A4", prefer_css_page_size=True)
        browser.close()
    print(f"{report.stat().st_size:,} bytes")


def _picture(browser: Browser, report: Path, folder: Path, size: str, scheme: str) -> str:
    width, height = SIZES[size]
    page = browser.new_page(viewport={"width": width, "height": height}, color_scheme=scheme)
    page.goto(report.absolute().as_uri())
    page.wait_for_selector("html[data-drawn]", timeout=120_000)
    ready, drawn = page.evaluate(_MARKS)
    paint = page.evaluate(_PAINT)
    page.screenshot(path=folder / f"{size}-{scheme}-top.png")
    page.screenshot(path=folder / f"{size}-{scheme}.png", full_page=True)
    page.close()
    return (
        f"{size} {scheme}: first paint {paint / 1000:.2f} s, "
        f"charts in sight ready {ready / 1000:.2f} s, "
        f"all {drawn / 1000:.2f} s"
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
