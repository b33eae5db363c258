"""Settings of files of pull requests: what is refused, and with what remedy."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from quarterdeck.extractors.lake import Lake
from quarterdeck.flows import pipeline
from quarterdeck.flows.errors import NothingMinedError, SettingsError
from quarterdeck.flows.forge_inputs import table_specs
from quarterdeck.flows.repositories import from_arguments
from quarterdeck.flows.settings import load_settings

PULLS = "[[pull_request_tables]]\n"
REVIEWS = "[[review_tables]]\n"
CSV = PULLS + 'path = "a.csv"\n'


def settings_file(folder: Path, text: str) -> Path:
    file = folder / "quarterdeck.toml"
    file.write_text(text, encoding="utf-8")
    return file


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (CSV, "nothing says what its columns are; give `columns`"),
        (CSV + 'columns = { title = "t" }', "no column holds the number; map `number`"),
        (CSV + 'columns = { number = "n" }', "nothing names the repository"),
        (CSV + 'columns = { nummer = "n" }', "no such field in `columns`: nummer; use repository"),
        (
            CSV + 'repository = "a/b"\ncolumns = { number = "n" }\nvalues = { state = {} }',
            "`values` names state, which `columns` does not",
        ),
        (CSV + 'format = "xlsx"', "see docs/settings.md"),
        (CSV + 'format = "gh-json"\ncolumns = { number = "n" }', "gh-json has columns of its own"),
        (CSV + 'time_zone = "CEST"', "not a time zone"),
        (CSV + 'encoding = "ansi-ish"', "not an encoding of text; use one such as cp1252"),
        (CSV + 'encoding = "base64"', "not an encoding of text"),
        (CSV + "colums = {}", "no such key"),
        ((PULLS + 'path = "a.json"\n') * 2, "a.json is named twice"),
        (REVIEWS + 'path = "a.csv"', "no column names the pull request"),
        (REVIEWS + 'path = "a.csv"\ncolumns = { number = "n" }', "nothing names the repository"),
    ],
)
def test_what_does_not_fit_is_refused(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load_settings(settings_file(tmp_path, text))
    assert message in str(caught.value)
    assert "quarterdeck.toml" in str(caught.value)


def test_paths_are_relative_to_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = PULLS + 'path = "out/*.json"\nas_of = 2026-07-01\n'
    file = settings_file(tmp_path, text + REVIEWS + 'path = "/r.csv"\n[review_tables.columns]\n'
                         'pull_request = "p"\n')  # fmt: skip
    monkeypatch.chdir("/")
    pulls, reviews = table_specs(load_settings(file))
    assert (pulls.pattern, reviews.pattern) == (str(tmp_path / "out" / "*.json"), "/r.csv")
    assert (pulls.as_of, pulls.time_zone) == (datetime(2026, 7, 1, tzinfo=UTC), "UTC")
    assert (pulls.holds, reviews.holds) == ("pull requests", "reviews")


def test_naming_repositories_leaves_others_out(tmp_path: Path) -> None:
    settings = load_settings(settings_file(tmp_path, ""))
    assert settings.other_repositories
    assert from_arguments([], settings).other_repositories
    assert not from_arguments([str(tmp_path)], settings).other_repositories


def test_nothing_but_a_file_that_is_not_there(tmp_path: Path) -> None:
    settings = load_settings(settings_file(tmp_path, PULLS + 'path = "gone.json"\n'))
    with pytest.raises(NothingMinedError, match=r"gone\.json: no such file"):
        pipeline.run(settings, with_report=False)
    with pytest.raises(SettingsError, match="holds no repository"):
        pipeline.update_database(settings)
    assert Lake(settings.lake).repository_ids() == []
