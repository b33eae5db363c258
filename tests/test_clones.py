"""Mirrors of repositories that are given as URLs."""

from pathlib import Path

import pytest
from git_fixtures import RepositoryBuilder
from mined import git_changes, mine, mined_changes

from quarterdeck.extractors.clones import update_mirror
from quarterdeck.extractors.errors import GitCommandError
from quarterdeck.extractors.repository import open_repository


@pytest.fixture
def source(tmp_path: Path) -> RepositoryBuilder:
    repository = RepositoryBuilder(tmp_path / "source", branch="trunk")
    repository.commit({"a": b"1\n"})
    return repository


def test_a_mirror_is_cloned_and_then_follows(source: RepositoryBuilder, tmp_path: Path) -> None:
    url, mirror = f"file://{source.path}", tmp_path / "mirrors" / "app"
    head = source.commit({"b": b"1\n"}, branch="topic", parents=[source.git("rev-parse", "HEAD")])
    source.ref("refs/pull/1/head", head)

    assert update_mirror(url, mirror) == mirror
    assert open_repository(mirror).is_bare
    assert str(open_repository(mirror).git.references["refs/pull/1/head"].target) == head

    source.commit({"a": b"2\n"})
    source.git("branch", "-D", "topic")
    source.git("branch", "-m", "trunk", "main")
    update_mirror(url, mirror)

    opened = open_repository(mirror)
    assert opened.default_branch == "main"
    assert set(opened.git.references) == {"refs/heads/main", "refs/pull/1/head"}
    mine(mirror, tmp_path / "lake")
    assert mined_changes(tmp_path / "lake") == git_changes(source)


def test_an_unfinished_clone_is_begun_again(source: RepositoryBuilder, tmp_path: Path) -> None:
    mirror = tmp_path / "mirrors" / "app"
    unfinished = mirror.with_name(".app.cloning")
    unfinished.mkdir(parents=True)
    (unfinished / "HEAD").write_text("half")

    update_mirror(f"file://{source.path}", mirror)

    assert (mirror / "HEAD").read_text() == "ref: refs/heads/trunk\n"
    assert not unfinished.exists()


def test_a_url_that_cannot_be_cloned(tmp_path: Path) -> None:
    with pytest.raises(GitCommandError, match="could not clone or fetch") as told:
        update_mirror(f"file://{tmp_path}/absent", tmp_path / "mirror")

    assert f"{tmp_path}/absent" in str(told.value) and "check the URL" in str(told.value)
    assert not (tmp_path / "mirror").exists()


def test_a_transport_that_runs_commands_is_refused(tmp_path: Path) -> None:
    with pytest.raises(GitCommandError, match="not allowed"):
        update_mirror(f"ext::touch {tmp_path}/ran", tmp_path / "mirror")

    assert not (tmp_path / "ran").exists()


def test_without_git(
    source: RepositoryBuilder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(GitCommandError, match="install git"):
        update_mirror(f"file://{source.path}", tmp_path / "mirror")
    with pytest.raises(GitCommandError, match="install git"):
        mine(source.path, tmp_path / "lake")
