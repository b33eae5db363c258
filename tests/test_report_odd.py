"""Odd organisations, mined and built for real: what their page says, and that it says it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from git_fixtures import ADA, RepositoryBuilder
from report_reader import Page

from quarterdeck.flows import pipeline
from quarterdeck.flows.settings import load_settings

BOT = ("dependabot[bot]", "49699333+dependabot[bot]@users.noreply.github.com")


def only_bots(path: Path) -> None:
    repository = RepositoryBuilder(path)
    for month in range(1, 9):
        files = {"src/app.py": b"x = 1\n" * month}
        repository.commit(files, "Bump", author=BOT, date=f"2024-0{month}-03T12:00:00+00:00")


def future_dates(path: Path) -> None:
    repository = RepositoryBuilder(path)
    for year in (2023, 2024, 2099):
        files = {f"src/at_{year}.py": b"x = 1\n" * 9}
        repository.commit(files, "Add", author=ADA, date=f"{year}-05-03T12:00:00+00:00")


ODD = {
    "only bots": (
        only_bots,
        [
            "No multiple can be stated for 2024Q2: no person landed a change, and the multiple is "
            "per person.",
            "Automation 100%",
        ],
        ["Human 0%"],
    ),
    "future dates": (
        future_dates,
        ["data to 2024-05-03", "landed changes after the data cut-off 1 1 3 33.3%"],
        ["2099Q"],
    ),
}


@pytest.mark.parametrize("state", ODD)
def test_a_page_says_what_can_and_cannot_be_said(state: str, tmp_path: Path) -> None:
    make, said, unsaid = ODD[state]
    make(tmp_path / "app")
    (tmp_path / "quarterdeck.toml").write_text(
        'organisation = "Odd"\n[[repositories]]\npath = "app"\n'
    )
    pipeline.run(load_settings(tmp_path / "quarterdeck.toml"))
    html = (tmp_path / ".quarterdeck" / "reports" / "report.html").read_text(encoding="utf-8")
    words = Page(html).words().replace("\u00a0", " ")
    for sentence in said:
        assert sentence in words, words
    for sentence in unsaid:
        assert sentence not in words
    assert not re.search(r"\b(None|nan|inf|NULL)\b", words)
