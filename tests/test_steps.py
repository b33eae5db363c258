import subprocess
import sys
from pathlib import Path

import pytest
from pipeline_fixtures import environment

from quarterdeck.flows import steps

URL = "http://127.0.0.1:9/api"
PROFILES = f"""
active = "ours"
[profiles.ours]
PREFECT_API_URL = "{URL}"
[profiles.ephemeral]
PREFECT_SERVER_EPHEMERAL_ENABLED = "true"
"""


def run_python(code: str, folder: Path, **extra: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=folder,
        env=environment(HOME=str(folder)) | extra,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@steps.flow(name="add", run_name="add {left}")
def add(left: int, right: int = 1) -> int:
    """Add two numbers."""
    return left + right


def test_a_step_is_its_function_in_a_plain_run() -> None:
    assert add(2) == 3
    assert add(2, right=5) == 7
    assert (add.__name__, add.__doc__) == ("add", "Add two numbers.")


def test_the_whole_composition_without_prefect(tmp_path: Path) -> None:
    code = """if True:
        import sys
        from quarterdeck.flows import cli, pipeline, steps, progress
        @steps.task(name="t", retries=2)
        def t(n):
            progress.reporter().line("at work")
            return n + 1
        @steps.flow(name="f")
        def f(n):
            return t(n)
        assert steps.configured_server() is None
        print(f(1), [name for name in sys.modules if name.split(".")[0] in ("prefect", "httpx")])
    """
    assert run_python(code, tmp_path) == "2 []"


def configure_nothing(folder: Path) -> dict[str, str]:
    (folder / "pyproject.toml").write_text('[project]\ndependencies = ["prefect"]\n')
    (folder / ".env").write_text("API_URL=http://127.0.0.1:9/api\n")
    return {}


def configure_default_profiles(folder: Path) -> dict[str, str]:
    (folder / ".prefect").mkdir()
    (folder / ".prefect/profiles.toml").write_text(PROFILES.replace('"ours"', '"ephemeral"'))
    return {}


def configure_broken_profiles(folder: Path) -> dict[str, str]:
    (folder / ".prefect").mkdir()
    (folder / ".prefect/profiles.toml").write_text("active = ")
    return {}


def configure_environment(folder: Path) -> dict[str, str]:
    return {"prefect_api_url": URL}


def configure_profile(folder: Path) -> dict[str, str]:
    (folder / ".prefect").mkdir()
    (folder / ".prefect/profiles.toml").write_text(PROFILES)
    return {}


def configure_named_profile(folder: Path) -> dict[str, str]:
    text = PROFILES.replace('active = "ours"', 'active = "ephemeral"')
    (folder / "elsewhere.toml").write_text(text)
    return {"PREFECT_PROFILES_PATH": "elsewhere.toml", "PREFECT_PROFILE": "ours"}


def configure_home(folder: Path) -> dict[str, str]:
    (folder / "home").mkdir()
    (folder / "home/profiles.toml").write_text(PROFILES)
    return {"PREFECT_HOME": str(folder / "home")}


def configure_dotenv(folder: Path) -> dict[str, str]:
    (folder / ".env").write_text(f"PREFECT_API_URL={URL}\n")
    return {}


def configure_prefect_toml(folder: Path) -> dict[str, str]:
    (folder / "prefect.toml").write_text(f'[api]\nurl = "{URL}"\n')
    return {}


def configure_pyproject(folder: Path) -> dict[str, str]:
    (folder / "pyproject.toml").write_text(f'[tool.prefect.api]\nurl = "{URL}"\n')
    return {}


NOT_CONFIGURED = [configure_nothing, configure_default_profiles, configure_broken_profiles]
CONFIGURED = [
    configure_environment,
    configure_profile,
    configure_named_profile,
    configure_home,
    configure_dotenv,
    configure_prefect_toml,
    configure_pyproject,
]


@pytest.mark.parametrize("configure", NOT_CONFIGURED + CONFIGURED, ids=lambda f: f.__name__)
def test_prefect_is_asked_only_where_it_may_know_a_server(configure, tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    assert steps._may_name_server(configure(tmp_path)) == (configure in CONFIGURED)


@pytest.mark.parametrize(
    "configure", [configure_named_profile, configure_prefect_toml], ids=lambda f: f.__name__
)
def test_the_server_is_the_one_that_prefect_itself_finds(configure, tmp_path) -> None:
    extra = configure(tmp_path)
    code = "from quarterdeck.flows.steps import configured_server; print(configured_server())"
    assert run_python(code, tmp_path, **extra) == URL


def test_settings_that_prefect_refuses_are_told(tmp_path) -> None:
    code = """if True:
        from quarterdeck.flows import errors, steps
        try:
            steps.configured_server()
        except errors.TrackingError as error:
            print(error)
    """
    told = run_python(code, tmp_path, PREFECT_API_URL=URL, PREFECT_API_REQUEST_TIMEOUT="soon")
    assert "the settings of Prefect are not valid" in told and 'prefect = "never"' in told
