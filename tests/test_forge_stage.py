"""The stage that asks forges: whom, for what, with which token; and through the command."""

import json
import os
import pickle
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from fake_forge import TOKEN, serve
from fake_gitea import FakeGitea
from fake_github import FakeGitHub
from fake_gitlab import FakeGitLab
from forge_told import told
from forge_world import FakeClock, make_world
from git_fixtures import RepositoryBuilder
from pipeline_fixtures import COMMAND

from quarterdeck.extractors.forge_errors import ForgeAccessError
from quarterdeck.extractors.forge_http import ForgeClient
from quarterdeck.extractors.forge_tokens import Token, find_tokens
from quarterdeck.extractors.forges import Forge
from quarterdeck.extractors.lake import Lake
from quarterdeck.extractors.outcomes import outcomes
from quarterdeck.flows import pipeline
from quarterdeck.flows.errors import SettingsError, StaleDataError
from quarterdeck.flows.forge_api_settings import ForgeSettings
from quarterdeck.flows.forges import Place, ask_forges, forecast_line, forecasts, origin, place_of
from quarterdeck.flows.progress import SilentReporter, reporting
from quarterdeck.flows.repositories import resolve
from quarterdeck.flows.repository_settings import RepositorySettings
from quarterdeck.flows.settings import Settings, load_settings
from quarterdeck.sql.connect import connect_read_only

_VARIABLES = (
    "GH_TOKEN", "GITHUB_TOKEN", "GH_ENTERPRISE_TOKEN", "GITHUB_ENTERPRISE_TOKEN",
    "GITLAB_TOKEN", "GITEA_TOKEN", "FORGEJO_TOKEN",
)  # fmt: skip


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No token and no credential helper of whoever runs the tests."""
    for name in _VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "gitconfig"))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("https://github.com/acme/harbour.git", ("github.com", "acme/harbour")),
        ("https://user@git.acme.example:8443/acme/harbour", ("git.acme.example", "acme/harbour")),
        ("git@gitlab.com:acme/platform/harbour.git", ("gitlab.com", "acme/platform/harbour")),
        ("ssh://git@ssh.github.com:443/acme/harbour.git", ("github.com", "acme/harbour")),
        ("file:///srv/git/acme/harbour.git", None),
        ("/srv/git/acme/harbour.git", None),
        ("https://example.com/harbour.git", None),
    ],
)
def test_the_origin_tells_host_and_slug(url: str, found: tuple[str, str] | None):
    assert origin(url) == found


def place(own: dict[str, str], *forges: dict[str, object], url: str) -> Place | None:
    repository = RepositorySettings(url=url, name="acme/harbour", **own)  # type: ignore[arg-type]
    listed = [ForgeSettings.model_validate(forge) for forge in forges]
    settings = Settings(repositories=[repository], forges=listed)
    return place_of(resolve(settings)[0], settings)


HUB, HERE = "https://github.com/acme/harbour", "https://git.acme.example/acme/harbour"


def test_nobody_is_asked_unless_the_settings_say_so():
    assert place({}, url=HUB) is None
    assert place({}, {"kind": "github"}, url=HERE) is None
    assert place({"forge": "none"}, {"kind": "github"}, url=HUB) is None
    assert place({}, {"kind": "github", "repositories": ["other/*"]}, url=HUB) is None


def test_whom_the_settings_name():
    hub = Forge("github", "https://github.com")
    assert place({}, {"kind": "github"}, url=HUB) == Place(hub, "acme/harbour")
    assert place({"forge": "github"}, url=HUB) == Place(hub, "acme/harbour")
    assert place({"slug": "acme/pier"}, {"kind": "github"}, url=HUB) == Place(hub, "acme/pier")
    assert place({"forge": "gitea"}, url=HERE) == Place(
        Forge("gitea", "https://git.acme.example"), "acme/harbour"
    )
    own = {"kind": "github", "base_url": "https://git.acme.example", "token_env": "ACME"}
    enterprise = Forge("github", "https://git.acme.example", "ACME")
    assert place({}, own, {"kind": "github"}, url=HERE) == Place(enterprise, "acme/harbour")
    assert place({"forge": "github"}, own, url=HERE) == Place(enterprise, "acme/harbour")


def test_a_forge_below_its_host():
    own = {"kind": "gitlab", "base_url": "https://acme.example/lab"}
    lab = Forge("gitlab", "https://acme.example/lab")
    for url, slug in (
        ("https://acme.example/lab/acme/platform/harbour.git", "acme/platform/harbour"),
        ("git@acme.example:lab/harbour.git", "lab/harbour"),
        ("https://acme.example/laboratory/harbour", "laboratory/harbour"),
    ):
        assert place({}, own, url=url) == Place(lab, slug)
    given = {"slug": "lab/harbour"}
    assert place(given, own, url="https://acme.example/lab/x/y") == Place(lab, "lab/harbour")


def test_a_forge_without_a_slug_is_told(tmp_path: Path):
    RepositoryBuilder(tmp_path / "harbour").commit({"a": b"1\n"})
    repository = RepositorySettings(path=tmp_path / "harbour", forge="github")
    settings = Settings(repositories=[repository], lake=tmp_path / "lake")
    with pytest.raises(SettingsError, match="set slug"):
        place_of(resolve(settings)[0], settings)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('[[forges]]\nkind = "gitea"', "needs its base_url"),
        ('[[forges]]\nkind = "github"\nbase_url = "git.acme.example"', "not the address"),
        ('[[forges]]\nkind = "github"\nbase_url = "https://x:y@h"', "leave off user"),
        ('[[forges]]\nkind = "github"\nbase_url = "https://api.github.com"', "address of an API"),
        ('[[forges]]\nkind = "gitlab"\nbase_url = "https://h/api/v4/"', "address of an API"),
        ('[[forges]]\nkind = "github"\n[[forges]]\nkind = "github"', "stands there twice"),
        (
            '[[forges]]\nkind = "gitlab"\n[[forges]]\nkind = "gitlab"\nbase_url = "https://h"',
            "would be sent the same token",
        ),
    ],
)
def test_settings_that_do_not_fit_are_told(text: str, says: str, tmp_path: Path):
    file = tmp_path / "quarterdeck.toml"
    file.write_text(text)
    with pytest.raises(SettingsError, match=says) as error:
        load_settings(file)
    assert "x:y" not in str(error.value)


def test_tokens_come_from_the_variables_of_their_forge():
    everything = {
        "GITHUB_TOKEN": "hub-1-secret, hub-2-secret,hub-1-secret",
        "GH_ENTERPRISE_TOKEN": "enterprise-secret",
        "GITLAB_TOKEN": "lab-secret-1",
        "ACME": "acme-secret-1",
    }

    def headers(kind: str, url: str, name: str | None = None) -> list[str]:
        return [token.header() for token in find_tokens(kind, url, name, everything)]

    hub = "https://github.com"
    assert headers("github", hub) == ["Bearer hub-1-secret", "Bearer hub-2-secret"]
    assert headers("github", "https://git.acme.example") == ["Bearer enterprise-secret"]
    assert headers("gitlab", "https://gitlab.com") == ["Bearer lab-secret-1"]
    assert headers("github", hub, "ACME") == ["Bearer acme-secret-1"]
    with pytest.raises(ForgeAccessError, match="no variable OTHER"):
        headers("github", hub, "OTHER")
    with pytest.raises(ForgeAccessError, match="token 1 of 2") as error:
        find_tokens("gitea", HERE, None, {"GITEA_TOKEN": "has a blank,other-secret"})
    assert "blank,other" not in str(error.value)


def test_a_token_comes_from_gits_credential_helper(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    helper = "!f() { test $1 = get && printf 'username=x\\npassword=kept-secret\\n'; }; f"
    Path(tmp_path / "gitconfig").write_text(f'[credential]\n\thelper = "{helper}"\n')
    tokens = find_tokens("gitea", "https://git.acme.example", None, os.environ)
    assert [token.header() for token in tokens] == ["Bearer kept-secret"]
    (tmp_path / "gitconfig").write_text("")
    assert find_tokens("gitea", "https://git.acme.example", None, os.environ) == []


def test_a_token_goes_over_no_open_line_and_into_no_file():
    with pytest.raises(ForgeAccessError, match="use an https address"):
        ForgeClient("http://git.acme.example", [Token("long-secret", "ACME")])
    with pytest.raises(TypeError):
        pickle.dumps(Token("long-secret", "ACME"))
    assert "long-secret" not in f"{Token('long-secret', 'ACME')!r}{Token('long-secret', 'ACME')}"


def test_the_stage_reads_every_repository_that_can_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    clock = FakeClock()
    world = make_world(3)
    world.pulls[1] = replace(world.pulls[1], body=f"pasted {TOKEN}", title=f"With {TOKEN}")
    hub, lab = FakeGitHub(world, clock), FakeGitLab(make_world(2), clock)
    RepositoryBuilder(tmp_path / "clone").commit({"a": b"1\n"})
    monkeypatch.setenv("GH_ENTERPRISE_TOKEN", TOKEN)
    monkeypatch.setenv("GITLAB_TOKEN", TOKEN)
    with serve(hub) as hub_url, serve(lab) as lab_url:
        text = ""
        for name, kind, url, slug in (
            ("gone", "github", hub_url, "acme/gone"),
            ("harbour", "github", hub_url, "acme/harbour"),
            ("pier", "gitlab", lab_url, "acme/harbour"),
        ):
            text += f'[[repositories]]\npath = "clone"\nname = "{name}"\nforge = "{kind}"\n'
            text += f'forge_url = "{url}"\nslug = "{slug}"\n'
            subprocess.run(["cp", "-r", tmp_path / "clone", tmp_path / name], check=True)
            text = text.replace('path = "clone"', f'path = "{name}"')
        (tmp_path / "quarterdeck.toml").write_text(text)
        settings = load_settings(tmp_path / "quarterdeck.toml")
        with reporting(SilentReporter()):
            before = [forecast_line(f) for f in forecasts(resolve(settings), settings)]
            asked = len(hub.asked) + len(lab.asked)
            with pytest.raises(StaleDataError) as stale:
                pipeline.run(settings, with_report=False)
            problems = stale.value.problems
        assert asked == 3
        shown = subprocess.run(
            [*COMMAND, "mine", "--dry-run", "--json", "--settings", tmp_path / "quarterdeck.toml"],
            capture_output=True,
            text=True,
            check=False,
        )
    assert "check the slug" in before[0]
    assert "3 pull requests, at least 1 requests, 9 points" in before[1]
    assert "2 pull requests, at least 9 requests" in before[2]
    assert list(problems) == ["gone"]
    lake = Lake(settings.lake)
    assert outcomes(lake) == problems
    assert set(lake.repository_ids()) == {"gone", "harbour", "pier"}
    assert len(told(settings.lake)["pulls"]) == 3
    assert lake.read("forge_pull_requests", "pier").height == 2
    assert shown.returncode == 4, shown.stderr
    forecast = {item["repository_id"]: item for item in json.loads(shown.stdout)}
    assert forecast["harbour"]["estimate"]["pull_requests"] <= 3
    assert TOKEN not in shown.stdout + shown.stderr
    assert not any(TOKEN.encode() in p.read_bytes() for p in tmp_path.rglob("*") if p.is_file())
    with connect_read_only(settings.database) as connection:
        tables = connection.execute(
            "select schema_name || '.' || table_name from duckdb_tables()"
        ).fetchall()
        assert len(tables) > 20
        for (table,) in tables:
            held = f"select count(*) from {table} as t where t::varchar like '%{TOKEN}%'"
            assert connection.execute(held).fetchall() == [(0,)], table
        told_of = connection.execute(
            "select count(*) from staging.pull_requests where repository_id = 'harbour'"
        )
        assert told_of.fetchall() == [(3,)]


def test_a_damaged_part_is_set_aside_and_asked_for_again(tmp_path: Path):
    with serve(FakeGitea(make_world(2), FakeClock())) as url:
        own = {"forge": "gitea", "forge_url": url, "slug": "acme/harbour"}
        repository = RepositorySettings(url="https://h/acme/harbour", name="harbour", **own)  # type: ignore[arg-type]
        settings = Settings(repositories=[repository], lake=tmp_path / "lake")
        lake = Lake(settings.lake)
        with reporting(SilentReporter()):
            assert ask_forges(resolve(settings), settings, lake) == {}
            right = told(settings.lake)
            (part,) = lake.parts("forge_pull_requests", "harbour")
            part.write_bytes(b"PAR1 and no more")
            assert ask_forges(resolve(settings), settings, lake) == {}
    assert part.with_name(part.name + ".damaged").is_file()
    assert told(settings.lake) == right


def test_one_token_is_not_sent_to_two_hosts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("GITLAB_TOKEN", TOKEN)
    fake = FakeGitLab(make_world(2), FakeClock())
    with serve(fake) as one, serve(fake) as two:
        repositories = [
            RepositorySettings(
                url=f"https://h/acme/{n}", forge="gitlab", forge_url=url, slug="acme/harbour"
            )
            for n, url in (("one", one), ("two", two))
        ]
        settings = Settings(repositories=repositories, lake=tmp_path / "lake")
        first, second = forecasts(resolve(settings), settings)
    assert first.problem is None
    assert second.problem is not None
    assert "would be sent the token of 127.0.0.1" in second.problem
    assert len(fake.asked) == 1
