"""What users get wrong: each ends in a sentence that names the remedy, and loses nothing."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from git_fixtures import RepositoryBuilder

from quarterdeck.flows import cli, cli_common


@pytest.fixture(autouse=True)
def app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RepositoryBuilder:
    """A repository of one commit in an otherwise empty working directory."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PREFECT_HOME", str(tmp_path / ".prefect"))
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    builder = RepositoryBuilder(tmp_path / "app")
    builder.commit({"a.py": b"a = 1\n"})
    return builder


def call(*arguments: object) -> Result:
    return CliRunner().invoke(cli.main, [str(argument) for argument in arguments])


def refused(done: Result) -> str:
    assert done.exit_code == cli_common.USER_ERROR, done.output
    assert isinstance(done.exception, SystemExit)
    return done.stderr


@pytest.mark.parametrize("content", [b"shopping list\n", b"", None])
def test_a_database_never_takes_the_place_of_something_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes | None
):
    place = tmp_path / "notes"
    place.mkdir() if content is None else place.write_bytes(content)
    monkeypatch.setenv("QUARTERDECK_DATABASE", str(place))
    assert "no database of Quarterdeck" in refused(call("run", "app"))
    assert place.is_dir() if content is None else place.read_bytes() == content
    assert not (tmp_path / ".quarterdeck").exists()


def test_nor_of_another_duckdb_database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    import duckdb

    with duckdb.connect(tmp_path / "sales.duckdb") as connection:
        connection.execute("create table sales as select 1 as amount")
    monkeypatch.setenv("QUARTERDECK_DATABASE", "sales.duckdb")
    assert "no database of Quarterdeck" in refused(call("run", "app"))
    with duckdb.connect(tmp_path / "sales.duckdb") as connection:
        assert connection.sql("from sales").fetchall() == [(1,)]


def test_an_empty_lake_is_not_built():
    refused(call("run", "nowhere"))
    assert "quarterdeck run PATH" in refused(call("build"))
    assert call("doctor").exit_code == 0


def test_a_variable_that_is_not_json_is_named(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("QUARTERDECK_REPOSITORIES", "[")
    message = refused(call("run", "app"))
    assert "repositories" in message
    assert "JSON" in message


@pytest.mark.parametrize(
    ("rule", "key"),
    [
        ('[[file_classes]]\npattern = "x"\nclass = "nope"\n', "file_classes"),
        ('[[signals]]\nid = "x"\n', "signals"),
    ],
)
def test_rules_are_checked_before_anything_is_mined(tmp_path: Path, rule: str, key: str):
    (tmp_path / "quarterdeck.toml").write_text(rule)
    message = refused(call("run", "app"))
    assert "quarterdeck.toml" in message
    assert f"'{key}'" in message
    assert not (tmp_path / ".quarterdeck").exists()


def test_a_cutoff_before_the_history_counts_nothing(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("QUARTERDECK_CUTOFF", "2001-01-01")
    done = call("run", "app", "--no-report")
    assert done.exit_code == 0, done.output
    assert "0 landed changes" in done.stdout


def test_odd_folder_names_are_mined_whole(tmp_path: Path):
    for name in ("sp ace", 'quo"te', '"lead', "new\nline", "back\\slash", "日本"):
        RepositoryBuilder(tmp_path / name).commit({"a.py": b"a = 1\n"})
        done = call("mine", name, "--json")
        assert done.exit_code == 0, done.output
        assert json.loads(done.stdout)["repositories"][0]["new_diffs"] == 1, name


@pytest.mark.parametrize("line", ["commits diffed", "building"])
def test_an_interrupt_ends_with_130(tmp_path: Path, app: RepositoryBuilder, line: str):
    command = [sys.executable, "-c", "from quarterdeck.flows.cli import entry; entry()"]
    with subprocess.Popen(
        [*command, "run", "app", "--no-report"], stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr is not None
        told = ""
        while line not in told:
            told += process.stderr.readline()
        process.send_signal(signal.SIGINT)
        told += process.stderr.read()
    assert process.returncode == cli_common.INTERRUPTED, told
    assert "Traceback" not in told
