import re
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from quarterdeck.flows.errors import SettingsError
from quarterdeck.flows.settings import Settings, load_settings, template


def settings_file(folder: Path, text: str) -> Path:
    file = folder / "quarterdeck.toml"
    file.write_text(text, encoding="utf-8")
    return file


def refusal(folder: Path, text: str) -> str:
    with pytest.raises(SettingsError) as error:
        load_settings(settings_file(folder, text))
    return str(error.value)


def test_without_a_file_every_key_has_a_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    settings = load_settings()
    assert settings.database == tmp_path / ".quarterdeck" / "quarterdeck.duckdb"
    assert settings.repositories == []
    assert settings.agents_since == date(2021, 6, 29)


def uncommented(text: str) -> str:
    """The template with its keys in force: a comment is prose where it is no key and no table."""
    lines = [line.removeprefix("# ") for line in text.splitlines() if line.startswith("# ")]
    keys = [line for line in lines if re.match(r"\[\[\w+\]\]$|\w+ = ", line)]
    scalars = [line for line in keys if line.split(" = ")[0] in Settings.model_fields]
    tables = [line for line in keys if line not in scalars]
    return "\n".join(scalars + tables)


def test_what_the_template_shows_is_the_default(tmp_path: Path):
    shown = load_settings(settings_file(tmp_path, uncommented(template())))
    plain = load_settings(settings_file(tmp_path, ""))
    examples = {"repositories", "exclusions", "contributors", "file_classes"}
    examples |= {"signals", "authorship", "keep_apart", "teams", "forges"}
    single = {"cutoff", "dask", "lake_store", "metrics_file", "report_url"}
    examples |= {"pull_request_tables", "review_tables"} | single
    assert shown.definition == plain.definition
    examples |= {"multiple"}
    assert shown.model_dump(exclude=examples) == plain.model_dump(exclude=examples)
    assert shown.cutoff == datetime(2026, 6, 30, 23, 59, 59, tzinfo=UTC)
    lists = examples - {"multiple"} - single
    assert {len(getattr(shown, key)) for key in lists} == {1}


def test_the_template_and_the_page_on_settings_name_every_key(tmp_path: Path):
    page = Path(__file__).parent.parent.joinpath("docs/settings.md").read_text(encoding="utf-8")
    for key in Settings.model_fields:
        assert re.search(rf"^# (\[\[)?{key}\b", template(), re.MULTILINE), key
        assert re.search(rf"^\| `(\[\[)?{key}(\]\])?` \|", page, re.MULTILINE), key


def test_paths_are_relative_to_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    file = settings_file(tmp_path, 'lake = "data/lake"\n[[repositories]]\npath = "../app"\n')
    monkeypatch.chdir("/")
    settings = load_settings(file)
    assert settings.lake == tmp_path / "data" / "lake"
    assert settings.repositories[0].path == tmp_path / ".." / "app"


@pytest.mark.parametrize(
    ("variable", "meant"),
    [("LAEK", "LAKE"), ("TIMEZONE", "TIME_ZONE"), ("PRIVACY_KEYS", "PRIVACY_KEY")],
)
def test_a_misspelled_variable_is_no_silent_default(
    variable: str, meant: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"QUARTERDECK_{variable}", "x")
    with pytest.raises(SettingsError, match=rf"did you mean QUARTERDECK_{meant}\?"):
        load_settings()


def test_what_others_set_with_our_prefix_is_theirs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As Kubernetes does for a service called quarterdeck."""
    monkeypatch.chdir(tmp_path)
    for name in ("SERVICE_HOST", "SERVICE_PORT", "PORT", "PORT_8080_TCP_ADDR", "WORKER_FOLDER"):
        monkeypatch.setenv(f"QUARTERDECK_{name}", "x")
    monkeypatch.setenv("QUARTERDECK_MULTIPLE__LINES", "net")
    assert load_settings().multiple.lines == "net"


def test_environment_goes_before_the_file_and_the_call_before_both(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    file = settings_file(tmp_path, 'organisation = "File"\ntime_zone = "Europe/Berlin"\njobs = 3\n')
    monkeypatch.setenv("QUARTERDECK_ORGANISATION", "Environment")
    monkeypatch.setenv("QUARTERDECK_TIME_ZONE", "Asia/Tokyo")
    settings = load_settings(file, organisation="Call", jobs=None)
    assert (settings.organisation, settings.time_zone, settings.jobs) == ("Call", "Asia/Tokyo", 3)


@pytest.mark.parametrize(
    ("text", "key", "remedy"),
    [
        ("basline = 'auto'", "basline", "did you mean 'baseline'?"),
        ("baseline = 'last year'", "baseline", "use a range such as 2021Q1..2024Q4"),
        ("baseline = '2024Q4..2021Q1'", "baseline", "use a range such as 2021Q1..2024Q4"),
        ("time_zone = 'Mars/Olympus'", "time_zone", "use an IANA name"),
        ("jobs = -1", "jobs", "greater than or equal to 0"),
        ("agents_since = 'soon'", "agents_since", "valid date"),
        ("database = 'marts.duckdb'", "database", "choose another file name"),
        ("preset = 'mine'", "preset", "anthropic-2026"),
        ("[multiple]\nlines = 'deleted'", "multiple.lines", "added and deleted"),
        ("[multiple]\nclasses = ['code']", "multiple.classes", "use some of source, test"),
        ("[multiple]\ncap_quantile = 99.0", "multiple.cap_quantile", "above 0 and up to 1"),
        ("fiscal_year_start = 13", "fiscal_year_start", "less than or equal to 12"),
        (
            "fiscal_year_start = 2\nbaseline = '2024Q1..FY2024Q2'",
            "settings",
            "the fiscal year starts in month 2",
        ),
        ("[[repositories]]\nname = 'x'", "repositories.0", "either a path or a url"),
        ("[[repositories]]\npath = 'a'\nurl = 'https://x/y'", "repositories.0", "one of the two"),
        ("[[repositories]]\nurl = 'ext::sh -c id'", "repositories.0.url", "https://"),
        ("[[repositories]]\nurl = '--upload-pack=id'", "repositories.0.url", "https://"),
        ("[[repositories]]\nurl = 'http://x/y'", "repositories.0.url", "https://"),
        ("[[repositories]]\nurl = 'https://a:b@x/y'", "repositories.0.url", "credential helpers"),
        ("[[repositories]]\npath = 'a'\nname = '..'", "repositories.0.name", "choose another"),
        ("[[repositories]]\npath = 'a'\ndefault_branch = '-x'", "default_branch", "another"),
        ("[[exclusions]]\nreason = 'x'", "exclusions.0", "one of the two"),
        ("[[exclusions]]\ncommit = 'xyz'\nreason = 'x'", "exclusions.0.commit", "pattern"),
        ("[[exclusions]]\ncommit = '0123abcd'", "exclusions.0.reason", "required"),
        (
            "[[contributors]]\nname = 'Ada Example'\nemails = []",
            "contributors.0.emails",
            "at least",
        ),
    ],
)
def test_a_value_that_does_not_fit_is_named_with_key_and_remedy(
    tmp_path: Path, text: str, key: str, remedy: str
):
    message = refusal(tmp_path, text)
    assert "quarterdeck.toml" in message
    assert key in message
    assert remedy in message


def test_unreadable_settings_say_where(tmp_path: Path):
    assert "not valid TOML" in refusal(tmp_path, "organisation = \n")
    with pytest.raises(SettingsError, match="quarterdeck init"):
        load_settings(tmp_path / "none.toml")
    (tmp_path / "folder.toml").mkdir()
    with pytest.raises(SettingsError, match="cannot be read"):
        load_settings(tmp_path / "folder.toml")


def test_a_secret_in_a_url_is_not_printed(tmp_path: Path):
    message = refusal(tmp_path, "[[repositories]]\nurl = 'https://me:hunter2@example.com/x'")
    assert "hunter2" not in message
    assert "https://example.com/x" in message


def test_a_preset_sets_all_choices_and_a_setting_goes_before_it():
    published = Settings(preset="openai-2026").definition
    assert (published.lines, published.unit, published.authors, published.cap_quantile) == (
        "added and deleted",
        "commits",
        "without automation",
        0.99,
    )
    own = Settings(
        preset="openai-2026", multiple={"cap_quantile": "none", "unit": "landed changes"}
    )
    wanted = published.model_copy(update={"cap_quantile": None, "unit": "landed changes"})
    assert own.definition == wanted


def test_baseline_of_fiscal_years():
    fiscal = Settings(baseline="fy2025-Q1..FY2026Q2", fiscal_year_start=2)
    assert fiscal.baseline == "FY2025Q1..FY2026Q2"
    assert fiscal.baseline_days == (date(2024, 2, 1), date(2025, 7, 31))
    october = Settings(baseline="FY2025Q1..FY2025Q4", fiscal_year_start=10)
    assert october.baseline_days == (date(2024, 10, 1), date(2025, 9, 30))


def test_baseline_days():
    assert Settings().baseline_days == (date(2021, 1, 1), date(2024, 12, 31))
    assert Settings(baseline="2023Q2..2023Q3").baseline_days == (
        date(2023, 4, 1),
        date(2023, 9, 30),
    )
    assert Settings(baseline="auto").baseline_days is None


def test_a_shared_folder_as_a_store_is_relative_to_the_file_and_a_url_stays(tmp_path: Path):
    for store, found in (("share/lake", str(tmp_path / "share/lake")), ("s3://b/p", "s3://b/p")):
        assert (
            load_settings(settings_file(tmp_path, f'lake_store = "{store}"\n')).lake_store == found
        )
