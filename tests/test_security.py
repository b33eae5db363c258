"""What SECURITY.md claims, where no other test shows it."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner
from git_fixtures import RepositoryBuilder
from mined import git_changes, mine, mined_changes

from quarterdeck.flows import cli
from quarterdeck.flows.errors import SettingsError
from quarterdeck.flows.settings import load_settings
from quarterdeck.flows.summary import markdown_text

ROOT = Path(__file__).parent.parent
EXAMPLES = ROOT / "examples"
PAGES = (ROOT / "SECURITY.md", ROOT / "docs" / "reliability.md")


@pytest.mark.skipif(not PAGES[0].is_file(), reason="the page is not in a wheel")
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_test_that_a_page_names_is_there(page: Path) -> None:
    named = set(re.findall(r"`(test_\w+)`", page.read_text(encoding="utf-8")))
    assert len(named) > 12
    tests = "\n".join(path.read_text(encoding="utf-8") for path in ROOT.glob("tests/**/*.py"))
    assert [name for name in sorted(named) if f"def {name}(" not in tests] == []


def test_a_very_deep_tree_is_mined(tmp_path: Path) -> None:
    repository = RepositoryBuilder(tmp_path / "app")
    repository.commit({"d/" * 1500 + "f": b"1\n"})
    repository.commit({"d/" * 1500 + "f": b"1\n2\n"})
    mine(repository.path, tmp_path / "lake")
    assert mined_changes(tmp_path / "lake") == git_changes(repository)


_PEAK = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from mined import mine
mine(Path(sys.argv[2]), Path(sys.argv[3]))
print(next(line for line in open("/proc/self/status") if line.startswith("VmHWM")).split()[1])
"""


@pytest.mark.skipif(not Path("/proc/self/status").is_file(), reason="needs Linux's /proc")
def test_a_bomb_of_a_blob_is_mined_in_bounded_memory(tmp_path: Path) -> None:
    """150 MB of zeros are 150 kB in the repository, and may not become 150 MB of ours."""
    peaks = []
    for name, size in (("small", 10), ("bomb", 150_000_000)):
        repository = RepositoryBuilder(tmp_path / name)
        repository.commit({"bomb": b"\0" * size})
        done = subprocess.run(
            [
                *(sys.executable, "-c", _PEAK, str(Path(__file__).parent)),
                *(str(repository.path), str(tmp_path / f"lake-{name}")),
            ],
            capture_output=True,
            text=True,
            check=True,
        )
        peaks.append(int(done.stdout))
    assert peaks[1] - peaks[0] < 64_000  # kB


def test_settings_hold_no_command(tmp_path: Path) -> None:
    for text in (
        "[[repositories]]\nurl = 'ext::touch ran'",
        "[[repositories]]\nurl = 'ssh://-oProxyCommand=touch/ran'",
        "[[repositories]]\npath = 'a'\ndefault_branch = '--upload-pack=touch ran'",
        "hooks = ['touch ran']",
        "report_url = 'javascript:alert(1)'",
    ):
        file = tmp_path / "quarterdeck.toml"
        file.write_text(text)
        with pytest.raises(SettingsError):
            load_settings(file)


@pytest.mark.parametrize(
    "text",
    [
        "token = 'hunter2'",
        "[[forges]]\nkind = 'github'\ntoken = 'hunter2'",
        "[[forges]]\nkind = 'github'\ntoken_env = 'ghp_hunter2hunter2hunter2'",
        "[[forges]]\nkind = 'gitlab'\ntoken_env = 'glpat-hunter2'",
        "[[forges]]\nkind = 'gitlab'\nbase_url = 'https://hunter2@git.example.com'",
        "[[forges]]\nkind = 'gitlab'\nbase_url = 'https://git.example.com?token=hunter2'",
        "[[repositories]]\nurl = 'https://ada:hunter2@hunter2@git.example.com/a'",
        "[[repositories]]\nurl = 'https://git.example.com/a?private_token=hunter2'",
        "[[repositories]]\nurl = 'https://git.example.com/a'\npassword = 'hunter2'",
        "[lake_store]\nurl = 's3://a'\nsecret_key = 'hunter2'",
        "lake_store = 's3://ada:hunter2@bucket/lake'",
        "report_url = 'ftp://ada:hunter2@a.example'",
        "dask = 'tcp://ada:hunter2@a.example:8786'",
    ],
)
def test_a_secret_at_the_wrong_place_is_refused_and_not_repeated(tmp_path: Path, text: str) -> None:
    file = tmp_path / "quarterdeck.toml"
    file.write_text(text)
    with pytest.raises(SettingsError) as told:
        load_settings(file)
    assert "hunter2" not in str(told.value)


def test_the_metrics_file_replaces_nothing_else(tmp_path: Path) -> None:
    file = tmp_path / "quarterdeck.toml"
    file.write_text("metrics_file = '.bashrc'")
    with pytest.raises(SettingsError, match=r"\.prom"):
        load_settings(file)
    file.write_text("metrics_file = 'x.prom'")
    assert load_settings(file).metrics_file == tmp_path / "x.prom"


def test_a_query_reaches_no_other_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import duckdb

    monkeypatch.chdir(tmp_path)
    with duckdb.connect("q.duckdb") as connection:
        connection.execute("create table t as select 1 as a")
    (tmp_path / "secret.csv").write_text("word\nhunter2\n")
    for query in (
        "from read_csv('secret.csv')",
        "from 'secret.csv'",
        "copy t to 'out.csv'",
        "attach 'other.duckdb'",
        "install httpfs",
        "create table u as select 1",
        "select 1; drop table t",
        "set enable_external_access = true",
        "call enable_logging(storage = 'file', storage_path = 'logs')",
        "set profiling_output = 'out.json'",
        "pragma enable_profiling = 'json'; pragma profiling_output = 'out.json'; from t",
        "set log_query_path = 'out.log'; from t",
        "set home_directory = '.'; from t",
        "set secret_directory = 'secrets'; set allow_persistent_secrets = true; from t",
        "create persistent secret s (type http, bearer_token 'hunter2')",
        "set memory_limit = '1TB'",
        "export database 'out'",
        "from glob('*.csv')",
        "from read_text('secret.csv')",
        "attach ':memory:' as other",
        "load httpfs",
    ):
        done = CliRunner().invoke(cli.main, ["query", query, "--database", "q.duckdb"])
        assert done.exit_code == 3, (query, done.output)
        assert "hunter2" not in done.output
    assert sorted(p.name for p in tmp_path.iterdir()) == ["q.duckdb", "secret.csv"]


@pytest.mark.skipif(not EXAMPLES.is_dir(), reason="the examples are not in a wheel")
def test_the_example_workflow_may_read_and_nothing_else() -> None:
    workflow = yaml.safe_load((EXAMPLES / "github-workflow.yml").read_text(encoding="utf-8"))
    # YAML reads the key `on` as true; a pull request could change the settings
    assert set(workflow[True]) == {"schedule", "workflow_dispatch"}
    assert workflow["permissions"] == {}
    (job,) = workflow["jobs"].values()
    assert job["permissions"] == {"contents": "read"}
    used = [step["uses"] for step in job["steps"] if "uses" in step]
    assert len(used) == 4
    assert all(re.fullmatch(r"actions/[\w-]+@[0-9a-f]{40}", action) for action in used)
    assert job["steps"][0]["with"]["persist-credentials"] is False


@pytest.mark.skipif(not EXAMPLES.is_dir(), reason="the examples are not in a wheel")
def test_containers_run_as_nobody_special() -> None:
    pieces = yaml.safe_load_all((EXAMPLES / "kubernetes.yaml").read_text(encoding="utf-8"))
    (pod,) = (
        piece["spec"]["jobTemplate"]["spec"]["template"]["spec"]
        for piece in pieces
        if piece["kind"] == "CronJob"
    )
    assert pod["automountServiceAccountToken"] is False
    assert pod["securityContext"]["runAsNonRoot"] is True
    (container,) = pod["containers"]
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    image = (ROOT / "Dockerfile").read_text(encoding="utf-8").rpartition("\nFROM ")[2]
    (user,) = re.findall(r"(?m)^USER (\d+):\d+$", image)
    assert int(user) == pod["securityContext"]["runAsUser"] > 0
    # of the folder that is built, only what is named goes in: no .git, settings or secrets
    assert (ROOT / ".dockerignore").read_text(encoding="utf-8").startswith("*\n!")
    assert not re.search(r"(?m)^(ADD|COPY) (?!--from=build)", image)


def test_markdown_of_a_hostile_name_is_text() -> None:
    hostile = "[x](javascript:alert(1)) <img src=x onerror=alert(1)> `a` **b**\n# c | d"
    told = markdown_text(hostile)
    assert "\n" not in told
    assert not re.search(r"(?<!\\)[\[\]<>`*#|]", told)
