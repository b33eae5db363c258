"""Repositories given as URLs, in a run."""

import os
from pathlib import Path

import pytest
from git_fixtures import RepositoryBuilder
from mined import git_changes, mined_changes
from pipeline_fixtures import build_repository

from quarterdeck.extractors.clones import mirror_in_use
from quarterdeck.flows import pipeline
from quarterdeck.flows.errors import SettingsError
from quarterdeck.flows.progress import PlainReporter, SilentReporter, reporting
from quarterdeck.flows.repositories import from_arguments, resolve
from quarterdeck.flows.repository_settings import RepositorySettings
from quarterdeck.flows.settings import Settings


class Told(SilentReporter):
    """Keeps the lines."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def line(self, text: str) -> None:
        self.lines.append(text)


def settings(folder: Path, *urls: str) -> Settings:
    return Settings(
        lake=folder / "lake",
        database=folder / "q.duckdb",
        reports=folder / "reports",
        clones=folder / "clones",
        repositories=[RepositorySettings(url=url) for url in urls],
    )


def mine(ours: Settings) -> list[str]:
    told = Told()
    with reporting(told):
        assert pipeline.mine(ours).problems == {}
    return told.lines


def test_a_damaged_object_is_met_repaired_and_mined_again(tmp_path: Path) -> None:
    source = build_repository(tmp_path / "app", 6)
    ours = settings(tmp_path, f"file://{source.path}")
    mine(ours)
    (mirror,) = (tmp_path / "clones").glob("*.git")
    before = set(mirror.rglob("*.pack"))
    source.commit({"src/late.py": os.urandom(2000).hex().encode()})
    with mirror_in_use(f"file://{source.path}", mirror):
        pass
    (new,) = set(mirror.rglob("*.pack")) - before
    content = bytearray(new.read_bytes())
    content[len(content) // 2] ^= 0xFF  # in the blob, which is most of it
    new.chmod(0o644)
    new.write_bytes(content)
    told = mine(ours)
    assert any("is damaged; cloning anew" in line for line in told), told
    assert not any("could not be read" in line for line in told)
    counted = {
        commit_id: [change for change in changes if change[3] is not None]
        for commit_id, changes in mined_changes(tmp_path / "lake").items()
    }
    assert counted == git_changes(source)
    again = mine(ours)
    assert not any("cloning anew" in line for line in again), again


def test_two_places_of_one_name_are_two_repositories(tmp_path: Path) -> None:
    ours = settings(
        tmp_path,
        "https://forge.example/acme/app",
        "https://other.example/acme/app.git",
        "git@forge.example:acme/app.git",
        "file:///srv/one/lib.git",
        "file:///srv/two/lib.git",
    )
    sources = resolve(ours)
    assert [s.repository_id for s in sources] == [
        "acme/app",
        "other.example/acme/app",
        "lib",
        "two/lib",
    ]
    assert len({s.path for s in sources}) == 4


def test_urls_on_the_command_line(tmp_path: Path) -> None:
    ours = settings(tmp_path, "https://forge.example/acme/app")
    named = ours.model_copy(
        update={
            "repositories": [
                RepositorySettings(url="https://forge.example/acme/app", name="The app")
            ]
        }
    )
    (chosen,) = from_arguments(["git@forge.example:acme/app.git"], named).repositories
    assert chosen.name == "The app"
    for refused in ("http://forge.example/a", "ext::sh -c id", "https://a:hunter2@b.example/c"):
        with pytest.raises(SettingsError) as told:
            from_arguments([refused], ours)
        assert "hunter2" not in str(told.value)


def test_another_repository_at_the_old_name_is_refused(tmp_path: Path) -> None:
    """A name that is given to another URL does not mix two histories in the lake."""
    one = build_repository(tmp_path / "one", 3)
    two = RepositoryBuilder(tmp_path / "two")
    two.commit({"else": b"1\n"}, "Something else altogether")

    def named(url: str) -> Settings:
        ours = settings(tmp_path)
        return ours.model_copy(update={"repositories": [RepositorySettings(url=url, name="app")]})

    mine(named(f"file://{one.path}"))
    with reporting(Told()):
        problems = pipeline.mine(named(f"file://{two.path}")).problems
    assert "already holds another repository as 'app'" in problems["app"]
    assert mined_changes(tmp_path / "lake") == git_changes(one)


def test_a_repository_in_several_spellings_is_one(tmp_path: Path) -> None:
    """Else each of its changes would count as often as it is spelt."""
    app = build_repository(tmp_path / "code" / "app", 1)
    (app.path / "src").mkdir(exist_ok=True)
    (tmp_path / "link").symlink_to(app.path)
    app.git("worktree", "add", "--quiet", "--detach", str(tmp_path / "tree"))
    app.git("clone", "--quiet", "--bare", ".", str(tmp_path / "bare.git"))
    one = [
        *(str(app.path), f"{app.path}/.git", f"{app.path}/src", str(tmp_path / "link")),
        *(f"{tmp_path}/code/../code/app", str(tmp_path / "tree")),
        *(f"file://{app.path}", f"FILE://{app.path}//.git/"),
    ]
    other = [str(tmp_path / "bare.git"), f"file://{tmp_path}/bare", f"file://{tmp_path}/bare.git"]
    remote = ["https://forge.example/a/b", "ssh://git@forge.example:22/a/b.git"]
    found = resolve(from_arguments([*one, *other, *remote], settings(tmp_path)))
    assert [source.repository_id for source in found] == ["app", "bare", "a/b"]


def test_two_names_of_one_repository_are_refused(tmp_path: Path) -> None:
    app = build_repository(tmp_path / "app", 1)
    twice = [
        RepositorySettings(path=app.path, name="one"),
        RepositorySettings(url=f"file://{app.path}", name="two"),
    ]
    ours = settings(tmp_path).model_copy(update={"repositories": twice})
    with pytest.raises(SettingsError, match="given twice, as one and as two; remove one"):
        resolve(ours)


def test_a_name_from_a_folder_is_printable(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """A name is told on terminals, in reports and to Prometheus; a folder may have any bytes."""
    odd = [b"esc\x1b[2J", b"new\nline", b"no\xffutf", "turn\u202ened".encode()]
    folders = [tmp_path / os.fsdecode(name) for name in odd]
    for folder in folders:
        build_repository(folder, 1)
    ours = from_arguments(map(str, folders), settings(tmp_path))
    names = [source.repository_id for source in resolve(ours)]
    assert names == [r"esc\x1b[2J", r"new\nline", r"no\udcffutf", r"turn\u202ened"]
    with reporting(PlainReporter()):
        assert pipeline.mine(ours).problems == {}
    assert all(map(str.isprintable, capfd.readouterr().err.splitlines()))
    assert [source.repository_id for source in resolve(ours)] == names  # known to the lake now
