import csv
import io
import json
import os
import re
import shutil
from pathlib import Path

import click
import polars as pl
import pytest
from click.testing import CliRunner, Result
from git_fixtures import ADA, BEN, RepositoryBuilder

from quarterdeck.flows import cli, cli_common

PAGE = Path(__file__).parent.parent / "docs" / "cli.md"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working directory, and no Prefect server."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    monkeypatch.setenv("PREFECT_HOME", str(tmp_path / "prefect"))
    return tmp_path


def call(*arguments: object) -> Result:
    return CliRunner().invoke(cli.main, [str(argument) for argument in arguments])


def build_app(folder: Path) -> RepositoryBuilder:
    app = RepositoryBuilder(folder / "app")
    app.commit(
        {"src/a.py": b"a = 1\nb = 2\n"}, "Begin", author=ADA, date="2024-02-01T10:00:00+00:00"
    )
    app.commit(
        {"src/b.py": b"c = 3\n"},
        "Add c (#7)\n\nCo-Authored-By: Claude <noreply@anthropic.com>\n",
        author=BEN,
        date="2025-05-01T10:00:00+00:00",
    )
    return app


@pytest.fixture(scope="module")
def once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which `quarterdeck run app --no-report` was called."""
    made = tmp_path_factory.mktemp("once")
    build_app(made)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(made)
        patch.delenv("PREFECT_API_URL", raising=False)
        patch.setenv("PREFECT_HOME", str(made / "prefect"))
        done = call("run", "app", "--no-report")
    assert done.exit_code == 0, done.output
    return made


@pytest.fixture
def published(folder: Path, once: Path) -> Path:
    """The working directory, with a copy of what that run published."""
    shutil.copytree(once / ".quarterdeck", folder / ".quarterdeck")
    return folder


def test_run_goes_from_a_clone_to_a_report(folder: Path):
    build_app(folder)
    done = call("run", "app", "--organisation", "Acme")
    assert done.exit_code == 0, done.output
    assert (
        "Acme: 1 repository, 2 landed changes, 2 contributors, data until 2025-05-01" in done.stdout
    )
    assert "report: " in done.stdout
    page = (folder / ".quarterdeck/reports/report.html").read_text(encoding="utf-8")
    assert "Acme" in page


def test_run_in_a_checkout_leaves_it_clean(folder: Path, monkeypatch: pytest.MonkeyPatch):
    app = build_app(folder)
    app.git("checkout", "--quiet", "--force", "main")
    monkeypatch.chdir(app.path)
    done = call("run", ".", "--no-report")
    assert done.exit_code == 0, done.output
    assert query("select repository_id from marts.repositories") == [{"repository_id": "app"}]
    assert app.git("status", "--porcelain") == ""


def test_a_report_that_a_killed_run_left_behind_is_renewed(folder: Path):
    build_app(folder)
    call("run", "app")
    report = folder / ".quarterdeck/reports/report.html"
    whole = report.read_text(encoding="utf-8")
    report.write_text("old", encoding="utf-8")
    os.utime(report, (0, 0))
    call("run", "app")
    assert report.read_text(encoding="utf-8") == whole


def test_run_prints_json_alone_for_scripts(folder: Path):
    build_app(folder)
    done = call("run", "app", "--json")
    assert done.exit_code == 0, done.output
    answer = json.loads(done.stdout)
    assert answer["facts"]["landed_changes"] == 2
    assert answer["problems"] == {}
    assert Path(answer["report"]).is_file()
    assert done.stderr == ""


def test_run_without_a_repository_says_what_to_do():
    done = call("run")
    assert done.exit_code == cli_common.USER_ERROR
    assert "no repository is named" in done.stderr
    assert "quarterdeck.toml" in done.stderr


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda path: None, "no such folder"),
        (lambda path: path.mkdir(), "not a git repository"),
        (lambda path: RepositoryBuilder(path), "is empty"),
    ],
)
def test_a_repository_that_cannot_be_mined_is_an_error_without_traceback(
    folder: Path, make, message: str
):
    make(folder / "broken")
    done = call("run", "broken")
    assert done.exit_code == cli_common.USER_ERROR
    assert message in done.stderr
    assert str(folder / "broken") in done.stderr
    assert "Traceback" not in done.output
    assert not (folder / ".quarterdeck/quarterdeck.duckdb").exists()


def test_one_that_fails_does_not_take_the_others_down(folder: Path):
    build_app(folder)
    done = call("run", "app", "gone")
    assert done.exit_code == cli_common.STALE_DATA
    assert "gone: " in done.stderr
    assert "1 of the repositories could not be mined" in done.stderr
    rows = query("select repository_id, status from marts.repositories order by all")
    assert rows == [
        {"repository_id": "app", "status": "fresh"},
        {"repository_id": "gone", "status": "stale"},
    ]


def test_a_shallow_clone_is_warned_of_and_marked(folder: Path):
    app = build_app(folder)
    app.git("clone", "--quiet", "--depth=1", f"file://{app.path}", folder / "shallow")
    done = call("run", "shallow")
    assert done.exit_code == 0
    assert "warning: a shallow clone" in done.stderr
    rows = query("select code_lines, files from marts.landed_changes")
    assert rows == [{"code_lines": None, "files": None}]
    issues = query("select issue from marts.data_quality where issue = 'shallow clone'")
    assert issues == [{"issue": "shallow clone"}]


def query(text: str) -> list[dict[str, object]]:
    done = call("query", text, "--format", "json")
    assert done.exit_code == 0, done.output
    answer: list[dict[str, object]] = json.loads(done.stdout)
    return answer


def test_query_formats_tell_the_same(published: Path):
    text = "select position, code_lines, subject from marts.landed_changes order by position"
    expected = [
        {"position": 0, "code_lines": 2, "subject": "Begin"},
        {"position": 1, "code_lines": 1, "subject": "Add c (#7)"},
    ]
    assert query(text) == expected
    printed = call("query", text, "--format", "csv").stdout
    assert [
        {
            "position": int(r["position"]),
            "code_lines": int(r["code_lines"]),
            "subject": r["subject"],
        }
        for r in csv.DictReader(io.StringIO(printed))
    ] == expected
    call("query", text, "--format", "parquet", "--output", "rows.parquet")
    assert pl.read_parquet(published / "rows.parquet").to_dicts() == expected
    table = call("query", text).stdout
    assert "Add c (#7)" in table
    assert "2 rows" in table


@pytest.mark.parametrize(
    "text",
    [
        "create table marts.mine as select 1",
        "delete from marts.landed_changes",
        "copy (select 1) to 'out.csv'",
        "attach 'other.duckdb'",
        "from read_text('/etc/hostname')",
        "select from where",
        "select * from marts.nothing",
    ],
)
def test_query_changes_and_reads_nothing_but_the_database(published: Path, text: str):
    before = sorted(path.name for path in published.iterdir())
    done = call("query", text)
    assert done.exit_code == cli_common.USER_ERROR
    assert "error: the query failed" in done.stderr
    assert sorted(path.name for path in published.iterdir()) == before


def test_a_query_may_begin_with_a_comment(published: Path):
    done = call(
        "query", "-- how many?\nselect count(*) as n from marts.landed_changes", "--format=json"
    )
    assert json.loads(done.stdout) == [{"n": 2}]


def test_an_interval_is_no_traceback(published: Path):
    for form in ("json", "csv"):
        done = call("query", "select interval 1 day as span", "--format", form)
        assert done.exit_code in (0, cli_common.USER_ERROR)
        assert done.exception is None or isinstance(done.exception, SystemExit)


def test_query_without_a_database_says_what_to_do():
    done = call("query", "select 1")
    assert done.exit_code == cli_common.USER_ERROR
    assert "quarterdeck run" in done.stderr


def test_a_commit_message_cannot_drive_the_terminal(folder: Path):
    app = build_app(folder)
    app.commit({"c": b"c\n"}, "Evil \x1b]0;title\x07 [red]subject[/red]")
    call("run", "app", "--no-report")
    table = call("query", "select subject from marts.landed_changes").stdout
    assert "\x1b" not in table
    assert "[red]subject[/red]" in table


def test_describe_tells_tables_and_columns(published: Path):
    assert "One row per landed change" in call("describe").stdout
    columns = json.loads(call("describe", "landed_changes", "--json").stdout)
    assert {"column_name", "data_type", "column_comment"} == set(columns[0])
    assert "code_lines" in [column["column_name"] for column in columns]
    assert "raw.commits" in call("describe", "--all").stdout
    missing = call("describe", "zzz")
    assert missing.exit_code == cli_common.USER_ERROR
    assert "describe --all" in missing.stderr


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("multiplse", "did you mean marts.multiples?"),
        ("raw.comits", "did you mean raw.commits?"),
        ("trace_multipl", "did you mean trace_multiple?"),
        ("revert_rate", "revert_rate is a column of marts.revert_rates_quarterly;"),
        ("Trace_Bars", ""),
        ("trace_multiple(quarter)", ""),
        ("MARTS.Multiples", ""),
    ],
)
def test_describe_helps_with_names(published: Path, name: str, told: str):
    described = call("describe", name)
    assert described.exit_code == (cli_common.USER_ERROR if told else 0)
    if told:
        assert told in described.stderr
    else:
        assert name.lower().partition("(")[0] in described.stdout


def test_build_and_report_work_from_what_was_mined(folder: Path):
    build_app(folder)
    mined = call("mine", "app", "--json")
    assert json.loads(mined.stdout)["repositories"][0]["new_diffs"] == 2
    assert not (folder / ".quarterdeck/quarterdeck.duckdb").exists()
    built = call("build")
    assert built.exit_code == 0, built.output
    assert built.stdout.strip() == str(folder / ".quarterdeck/quarterdeck.duckdb")
    reported = call("report", "--output", "page.html")
    assert reported.exit_code == 0, reported.output
    assert (folder / "page.html").read_text(encoding="utf-8").startswith("<!doctype html>")


def test_build_without_a_lake_says_what_to_do():
    done = call("build")
    assert done.exit_code == cli_common.USER_ERROR
    assert "quarterdeck mine" in done.stderr


def test_a_lake_of_a_newer_version_is_not_touched(folder: Path):
    build_app(folder)
    lake = folder / ".quarterdeck/lake"
    lake.mkdir(parents=True)
    (lake / "lake.json").write_text('{"quarterdeck_lake": 99}')
    done = call("run", "app")
    assert done.exit_code == cli_common.USER_ERROR
    assert "version 99" in done.stderr
    assert "upgrade Quarterdeck" in done.stderr
    assert [path.name for path in lake.iterdir()] == ["lake.json"]


def test_init_writes_once(folder: Path):
    assert call("init").exit_code == 0
    again = call("init")
    assert again.exit_code == cli_common.USER_ERROR
    assert "--force" in again.stderr
    assert call("init", "--force").exit_code == 0


def test_doctor_tells_what_is_wrong_and_changes_nothing(folder: Path):
    app = build_app(folder)
    app.git("clone", "--quiet", "--depth=1", f"file://{app.path}", folder / "shallow")
    good = call("doctor", "app", "shallow")
    assert good.exit_code == 0, good.output
    assert re.search(r"^ok +app ", good.stdout, re.MULTILINE)
    assert re.search(r"^warning +shallow .*unshallow", good.stdout, re.MULTILINE)
    assert not (folder / ".quarterdeck").exists()
    app.remove_object(app.blob("main", "src/b.py"))
    partial = call("doctor", "app")
    assert "1 blobs of the tip are missing" in partial.stdout
    bad = call("doctor", "gone", "--json")
    assert bad.exit_code == cli_common.USER_ERROR
    assert {"state": "error", "subject": "gone"}.items() <= json.loads(bad.stdout)[-1].items()


def test_demo_writes_repositories_that_run(folder: Path):
    done = call("demo", "made-up", "--size", "small")
    assert done.exit_code == 0, done.output
    ran = call("mine", "--settings", "made-up/quarterdeck.toml", "made-up/dinghy.git", "--json")
    assert ran.exit_code == 0, ran.output
    [mined] = json.loads(ran.stdout)["repositories"]
    with Path("made-up/truth/landed_changes.csv").open() as table:
        truth = [row for row in csv.DictReader(table) if row["repository"] == "demo/dinghy"]
    assert mined["landed_changes"] == sum(int(row["landed_changes"]) for row in truth) > 100
    again = call("demo", "made-up")
    assert again.exit_code == cli_common.USER_ERROR
    assert "not empty" in again.stderr


def test_the_page_names_every_command_and_every_exit_code():
    page = PAGE.read_text(encoding="utf-8")
    assert isinstance(cli.main, click.Group)
    for name in cli.main.commands:
        assert re.search(rf"^\| `{name}\b", page, re.MULTILINE), name
    in_help = dict(re.findall(r"^  (\d+) +(.+)$", cli.EXIT_CODES, re.MULTILINE))
    in_page = dict(re.findall(r"^\| (\d+) \| (.+) \|$", page, re.MULTILINE))
    assert set(in_help) == set(in_page)
    for command in cli.main.commands:
        assert "Exit codes:" in call(command, "--help").stdout
