"""Running git where it talks to another repository: nothing runs, and nobody is asked."""

import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest
from clone_fixtures import make_source, refs, script, update
from git_fixtures import RepositoryBuilder
from mined import git_changes, mine, mined_changes

from quarterdeck.extractors import remote_git
from quarterdeck.extractors.clones import mirror_in_use
from quarterdeck.extractors.errors import GitCommandError
from quarterdeck.extractors.remote_urls import UnsafeUrlError
from quarterdeck.extractors.repository import open_repository


@pytest.fixture
def source(tmp_path: Path) -> RepositoryBuilder:
    return make_source(tmp_path)


def test_a_url_that_cannot_be_cloned(tmp_path: Path) -> None:
    with (
        pytest.raises(GitCommandError, match="could not clone or fetch") as told,
        mirror_in_use(f"file://{tmp_path}/absent", tmp_path / "mirror"),
    ):
        pass
    assert f"{tmp_path}/absent" in str(told.value) and "check the URL" in str(told.value)
    assert not (tmp_path / "mirror").exists() and not (tmp_path / ".mirror.cloning").exists()


def test_a_transport_that_runs_commands_is_refused(tmp_path: Path) -> None:
    with (
        pytest.raises(UnsafeUrlError),
        mirror_in_use(f"ext::touch {tmp_path}/ran", tmp_path / "mirror"),
    ):
        pass
    assert not (tmp_path / "ran").exists()


def test_a_rewrite_to_such_a_transport_is_refused_by_git(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "config").write_text(
        f'[url "ext::touch {tmp_path}/ran "]\n\tinsteadOf = https://forge.example/\n'
        '[protocol "ext"]\n\tallow = always\n'
    )
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "config"))
    with (
        pytest.raises(GitCommandError, match="transport 'ext' not allowed"),
        mirror_in_use("https://forge.example/a/b", tmp_path / "mirror"),
    ):
        pass
    assert not (tmp_path / "ran").exists()


def test_no_hook_runs_and_no_template_is_copied(
    source: RepositoryBuilder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    template = tmp_path / "template" / "hooks"
    template.mkdir(parents=True)
    ran = tmp_path / "ran"
    for name in ("reference-transaction", "post-update", "pre-auto-gc", "post-checkout"):
        script(template / name, f"touch {ran}")
    (tmp_path / "config").write_text(
        f"[init]\n\ttemplateDir = {template.parent}\n[core]\n\thooksPath = {template}\n"
    )
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "config"))
    monkeypatch.setenv("GIT_TEMPLATE_DIR", str(template.parent))
    update(source, tmp_path / "m")
    shutil.copytree(template, tmp_path / "m" / "hooks")
    source.commit({"a": b"2\n"})
    update(source, tmp_path / "m")
    assert not ran.exists()


def test_a_repository_that_has_configured_commands_runs_none(
    source: RepositoryBuilder, tmp_path: Path
) -> None:
    """Whoever can write into a repository of a `file` URL runs nothing with our rights."""
    ran = tmp_path / "ran"
    command = script(tmp_path / "command", f"touch {ran}")
    keys = "uploadpack.packObjectsHook core.fsmonitor core.sshCommand core.alternateRefsCommand"
    for key in f"{keys} core.gitProxy diff.external gpg.program credential.helper".split():
        source.git("config", key, str(command))
    included = tmp_path / "included"
    included.write_text(f"[uploadpack]\n\tpackObjectsHook = {command}\n")
    source.git("config", "include.path", str(included))
    for hook in ("reference-transaction", "pre-auto-gc", "post-update", "fsmonitor-watchman"):
        script(source.path / ".git" / "hooks" / hook, f"touch {ran}")
    update(source, tmp_path / "m")
    mine(tmp_path / "m", tmp_path / "lake")
    assert mined_changes(tmp_path / "lake") == git_changes(source)
    assert not ran.exists()


def test_refs_with_hostile_names_are_only_names(source: RepositoryBuilder, tmp_path: Path) -> None:
    tip = source.git("rev-parse", "HEAD")
    for name in ("--upload-pack=id", "-x", "$(id)", "a;b"):
        source.ref(f"refs/heads/{name}", tip)
    (source.git_dir / "HEAD").write_text("ref: refs/heads/--upload-pack=id\n")
    update(source, tmp_path / "m")
    assert open_repository(tmp_path / "m").default_branch == "--upload-pack=id"
    mine(tmp_path / "m", tmp_path / "lake")


def test_the_environment_of_another_repository_changes_nothing(
    source: RepositoryBuilder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = RepositoryBuilder(tmp_path / "other")
    other.commit({"b": b"1\n"})
    for name in ("GIT_DIR", "GIT_COMMON_DIR"):
        monkeypatch.setenv(name, str(other.git_dir))
    monkeypatch.setenv("GIT_OBJECT_DIRECTORY", str(other.git_dir / "objects"))
    monkeypatch.setenv("GIT_NAMESPACE", "else")
    monkeypatch.setenv("GIT_DEFAULT_HASH", "sha256")
    before = sorted(p.name for p in other.git_dir.rglob("*"))
    update(source, tmp_path / "m")
    for name in ("GIT_DIR", "GIT_COMMON_DIR", "GIT_OBJECT_DIRECTORY", "GIT_NAMESPACE"):
        monkeypatch.delenv(name)
    assert refs(tmp_path / "m") == {"refs/heads/trunk"}
    assert sorted(p.name for p in other.git_dir.rglob("*")) == before


def test_all_that_git_calls_local_to_a_repository_is_left_out() -> None:
    of_the_user = {"GIT_CONFIG_PARAMETERS", "GIT_CONFIG_COUNT"}
    done = subprocess.run(["git", "rev-parse", "--local-env-vars"], capture_output=True, text=True)
    assert set(done.stdout.split()) - of_the_user <= set(remote_git._NOT_OURS)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files to another user")
def test_repositories_of_another_owner_need_no_change_of_the_users_configuration(
    source: RepositoryBuilder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / ".gitconfig").write_text("[user]\n\tname = Ada Example\n")
    for name in [n for n in os.environ if n.startswith(("GIT_", "XDG_CONFIG"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(home))
    update(source, tmp_path / "m")
    for folder in (source.path, tmp_path / "m"):
        subprocess.run(["chown", "-R", "12345:12345", folder], check=True)
    plain = subprocess.run(["git", "ls-remote", f"file://{source.path}"], capture_output=True)
    assert b"dubious ownership" in plain.stderr
    (source.git_dir / "refs/heads/more").write_text(source.git_bytes("rev-parse", "HEAD").decode())
    update(source, tmp_path / "m")
    assert "refs/heads/more" in refs(tmp_path / "m")
    source.path.rename(tmp_path / "own er")  # as a URL spells it, git's setting does not
    with mirror_in_use(f"file://{tmp_path}/own%20er", tmp_path / "n"):
        assert "refs/heads/more" in refs(tmp_path / "n")
    assert (home / ".gitconfig").read_text() == "[user]\n\tname = Ada Example\n"


def test_nobody_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """ssh gets no terminal and no program that asks."""
    asked = script(tmp_path / "ask", f"touch {tmp_path}/asked; echo secret")
    ssh = script(
        tmp_path / "ssh",
        f"env > {tmp_path}/environment\n"
        f"echo word > /dev/tty && touch {tmp_path}/terminal\nexit 255",
    )
    for name in ("GIT_ASKPASS", "SSH_ASKPASS"):
        monkeypatch.setenv(name, str(asked))
    monkeypatch.setenv("GIT_SSH_COMMAND", str(ssh))
    with (
        pytest.raises(GitCommandError),
        mirror_in_use("git@forge.example:acme/app.git", tmp_path / "m"),
    ):
        pass
    environment = dict(
        line.split("=", 1) for line in (tmp_path / "environment").read_text().splitlines()
    )
    assert environment["GIT_TERMINAL_PROMPT"] == "0" and environment["GIT_ASKPASS"] == ""
    assert environment["SSH_ASKPASS_REQUIRE"] == "never"
    assert not (tmp_path / "asked").exists() and not (tmp_path / "terminal").exists()


def test_the_other_side_cannot_write_on_the_terminal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # of two kinds of control characters, and one that turns the direction of writing; in the
    # protocol, for of what ssh itself says git's own last line is shown
    said = "\x1b[2J\x1b]0;owned\x07\x9b2J\u202egone away".encode()
    (tmp_path / "said").write_bytes(b"%04xERR %s" % (len(said) + 8, said))
    ssh = script(tmp_path / "ssh", f"cat {tmp_path / 'said'}")
    monkeypatch.setenv("GIT_SSH_COMMAND", str(ssh))
    with (
        pytest.raises(GitCommandError) as told,
        mirror_in_use("git@forge.example:acme/app.git", tmp_path / "m"),
    ):
        pass
    assert "gone away" in str(told.value)
    assert str(told.value).isprintable()


def test_a_silent_server_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(
        "GIT_SSH_COMMAND", str(script(tmp_path / "ssh", "echo $$ > $0.pid; exec sleep 600"))
    )
    monkeypatch.setattr(remote_git, "SILENCE_SECONDS", 0.5)
    with (
        pytest.raises(GitCommandError, match="said nothing for"),
        mirror_in_use("git@forge.example:acme/app.git", tmp_path / "m"),
    ):
        pass
    pid = int((tmp_path / "ssh.pid").read_text())
    for _ in range(50):
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except FileNotFoundError:
            break
        if state == "Z":
            break
        time.sleep(0.1)
    else:
        pytest.fail("ssh is still at work")


def test_without_git(
    source: RepositoryBuilder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    update(source, tmp_path / "there")
    monkeypatch.setenv("PATH", str(tmp_path))
    for folder in ("mirror", "there"):
        with pytest.raises(GitCommandError, match="install git"):
            update(source, tmp_path / folder)
    with pytest.raises(GitCommandError, match="install git"):
        mine(source.path, tmp_path / "lake")
