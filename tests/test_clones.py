"""Mirrors of repositories that are given as URLs."""

import fcntl
import os
import shutil
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest
from git_fixtures import RepositoryBuilder
from mined import git_changes, mine, mined_changes

from quarterdeck.extractors import remote_git
from quarterdeck.extractors.clones import mirror_folder, mirror_in_use, prune_mirrors
from quarterdeck.extractors.errors import GitCommandError, UnsupportedRepositoryError
from quarterdeck.extractors.remote_urls import UnsafeUrlError
from quarterdeck.extractors.repository import open_repository


@pytest.fixture
def source(tmp_path: Path) -> RepositoryBuilder:
    repository = RepositoryBuilder(tmp_path / "source", branch="trunk")
    repository.commit({"a": b"1\n"})
    return repository


def update(source: RepositoryBuilder, folder: Path) -> list[str]:
    """Bring a mirror up to date; what was told."""
    told: list[str] = []
    with mirror_in_use(f"file://{source.path}", folder, told.append):
        pass
    return told


def refs(folder: Path) -> set[str]:
    return set(open_repository(folder).git.references)


def script(path: Path, text: str) -> Path:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


def test_a_mirror_is_cloned_and_then_follows(source: RepositoryBuilder, tmp_path: Path) -> None:
    folder = tmp_path / "mirrors" / "app"
    head = source.commit({"b": b"1\n"}, branch="topic", parents=[source.git("rev-parse", "HEAD")])
    kept = ("refs/pull/1/head", "refs/merge-requests/1/head", "refs/notes/ai", "refs/tags/v1")
    left = ("refs/pull/1/merge", "refs/merge-requests/1/merge", "refs/keep-around/x")
    for name in (*kept, *left, "refs/replace/" + "a" * 40):
        source.ref(name, head)

    update(source, folder)
    assert open_repository(folder).is_bare
    assert refs(folder) == {"refs/heads/trunk", "refs/heads/topic", *kept}

    source.commit({"a": b"2\n"})
    source.git("branch", "-D", "topic")
    source.git("tag", "-d", "v1")
    source.git("branch", "-m", "trunk", "main")
    update(source, folder)

    assert open_repository(folder).default_branch == "main"
    assert refs(folder) == {"refs/heads/main", *kept[:3]}
    mine(folder, tmp_path / "lake")
    mined = mined_changes(tmp_path / "lake")
    assert mined.pop(head)  # of a pull request that did not land
    assert mined == git_changes(source)


def test_only_what_is_new_is_fetched(source: RepositoryBuilder, tmp_path: Path) -> None:
    update(source, tmp_path / "m")
    packs = {p.name: p.stat().st_ino for p in (tmp_path / "m/objects/pack").glob("*.pack")}
    source.commit({"a": b"2\n"})
    update(source, tmp_path / "m")
    after = {p.name: p.stat().st_ino for p in (tmp_path / "m/objects/pack").glob("*.pack")}
    (new,) = after.keys() - packs.keys()
    assert {name: after[name] for name in packs} == packs
    listed = subprocess.run(
        ["git", "verify-pack", "-v", tmp_path / "m/objects/pack" / new.replace(".pack", ".idx")],
        capture_output=True,
        text=True,
    ).stdout
    kinds = sorted(line.split()[1] for line in listed.splitlines() if line[:40].isalnum())
    assert kinds[:3] == ["blob", "commit", "tree"]


def test_an_unfinished_clone_is_begun_again(source: RepositoryBuilder, tmp_path: Path) -> None:
    folder = tmp_path / "mirrors" / "app"
    unfinished = folder.with_name(".app.cloning")
    unfinished.mkdir(parents=True)
    (unfinished / "HEAD").write_text("half")

    update(source, folder)

    assert (folder / "HEAD").read_text() == "ref: refs/heads/trunk\n"
    assert not unfinished.exists()


def test_what_a_killed_git_left_is_no_obstacle(source: RepositoryBuilder, tmp_path: Path) -> None:
    update(source, tmp_path / "m")
    left = [
        tmp_path / "m" / name
        for name in ("packed-refs.lock", "config.lock", "HEAD.lock", "refs/heads/trunk.lock")
    ] + [tmp_path / "m/objects/pack/tmp_pack_x"]
    for path in left:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    head = source.commit({"a": b"2\n"})
    assert update(source, tmp_path / "m") == []
    assert str(open_repository(tmp_path / "m").tip) == head
    assert not any(path.exists() for path in left)


def damage_config(folder: Path) -> None:
    (folder / "config").write_text("[core\n")


def damage_head(folder: Path) -> None:
    (folder / "HEAD").write_bytes(b"\0" * 20)


def damage_refs(folder: Path) -> None:
    (folder / "packed-refs").write_bytes(b"\0\0\0\n")


def damage_pack(folder: Path) -> None:
    for pack in (folder / "objects/pack").glob("*.pack"):
        pack.chmod(0o644)
        pack.write_bytes(pack.read_bytes()[:40])


def lose_objects(folder: Path) -> None:
    shutil.rmtree(folder / "objects")


@pytest.mark.parametrize(
    "damage", [damage_config, damage_head, damage_refs, damage_pack, lose_objects]
)
def test_a_broken_mirror_is_cloned_anew(
    source: RepositoryBuilder, tmp_path: Path, damage: object
) -> None:
    folder = tmp_path / "m"
    update(source, folder)
    assert callable(damage)
    damage(folder)
    head = source.commit({"a": b"2\n"})
    (told,) = update(source, folder)
    assert "is damaged; cloning anew" in told
    assert str(open_repository(folder).tip) == head
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        ".m.gitconfig",
        ".m.lock",
        "m",
        "source",
    ]
    assert update(source, folder) == []


def test_a_damaged_blob_is_found_when_mining_meets_it(
    source: RepositoryBuilder, tmp_path: Path
) -> None:
    folder = tmp_path / "m"
    source.commit({"a": os.urandom(3000).hex().encode()})
    told: list[str] = []
    with mirror_in_use(f"file://{source.path}", folder, told.append) as mirror:
        assert not mirror.repair()  # sound
        (pack,) = (folder / "objects/pack").glob("*.pack")
        pack.chmod(0o644)
        content = bytearray(pack.read_bytes())
        content[len(content) // 2] ^= 0xFF
        pack.write_bytes(content)
        assert not mirror.repair()  # the same packs were found sound: not read again
        (folder / "quarterdeck-mirror.json").write_text("{}")
        assert mirror.repair()
        assert not mirror.repair()
    assert len(told) == 1
    mine(folder, tmp_path / "lake")
    assert mined_changes(tmp_path / "lake") == git_changes(source)


def test_a_mirror_stays_where_the_other_side_is_away(
    source: RepositoryBuilder, tmp_path: Path
) -> None:
    folder = tmp_path / "m"
    update(source, folder)
    before = refs(folder)
    source.path.rename(tmp_path / "away")
    with pytest.raises(GitCommandError, match="could not clone or fetch"):
        update(source, folder)
    assert refs(folder) == before
    damage_pack(folder)
    with pytest.raises(GitCommandError, match="could not clone or fetch"):
        update(source, folder)
    (tmp_path / "away").rename(source.path)
    assert len(update(source, folder)) == 1
    assert refs(folder) == before


def test_a_folder_of_somebody_else_is_not_touched(
    source: RepositoryBuilder, tmp_path: Path
) -> None:
    theirs = RepositoryBuilder(tmp_path / "m", bare=True)
    theirs.commit({"b": b"1\n"}, branch="mine-alone")
    with pytest.raises(GitCommandError, match="none of Quarterdeck's; move it away"):
        update(source, tmp_path / "m")
    assert theirs.git("rev-parse", "mine-alone")
    assert prune_mirrors(tmp_path, [], 1) == []


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


def test_a_mirror_whose_configuration_was_lost_follows_all_the_same(
    source: RepositoryBuilder, tmp_path: Path
) -> None:
    """As after a power cut, which leaves files empty."""
    folder = tmp_path / "m"
    update(source, folder)
    for lose in (lambda: (folder / "config").unlink(), lambda: (folder / "config").write_text("")):
        lose()
        head = source.commit({"a": os.urandom(4).hex().encode()})
        assert update(source, folder) == []
        opened = open_repository(folder)
        assert (str(opened.tip), opened.is_bare) == (head, True)


def test_a_shallow_repository_is_mirrored_as_far_as_it_goes(
    source: RepositoryBuilder, tmp_path: Path
) -> None:
    for number in range(4):
        head = source.commit({"a": b"%d\n" % number})
    shallow = RepositoryBuilder(tmp_path / "shallow", branch="trunk")
    shallow.git("fetch", "-q", "-u", "--depth", "2", f"file://{source.path}", "trunk:trunk")
    folder = tmp_path / "m"
    for deepen, commits, is_shallow in ((None, 2, 1), ("--depth=3", 3, 1), ("--unshallow", 5, 0)):
        if deepen:
            shallow.git("fetch", "--quiet", deepen, f"file://{source.path}", "trunk")
        assert update(shallow, folder) == []
        opened = open_repository(folder)
        assert str(opened.tip) == head
        assert len(opened.shallow) == is_shallow
        assert len(list(opened.git.walk(opened.tip))) == commits


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


def test_a_link_is_not_pruned(source: RepositoryBuilder, tmp_path: Path) -> None:
    """A mirror of another folder of mirrors, which somebody linked, is not ours to remove."""
    elsewhere = tmp_path / "elsewhere" / "app.git"
    update(source, elsewhere)
    os.utime(elsewhere / "quarterdeck-mirror.json", (0, 0))
    clones = tmp_path / "clones"
    clones.mkdir()
    (clones / "app.git").symlink_to(elsewhere)
    assert prune_mirrors(clones, [], 30) == []
    assert (clones / "app.git").is_symlink() and (elsewhere / "HEAD").is_file()


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


def test_a_mirror_in_use_is_waited_for_and_not_pruned(
    source: RepositoryBuilder, tmp_path: Path
) -> None:
    folder = tmp_path / "mirrors" / "m.git"
    update(source, folder)
    os.utime(folder / "quarterdeck-mirror.json", (0, 0))
    code = (
        "import sys; from pathlib import Path\n"
        "from quarterdeck.extractors.clones import mirror_in_use\n"
        "with mirror_in_use(sys.argv[1], Path(sys.argv[2]), print): print('held', flush=True)\n"
    )
    with (folder.parent / ".m.git.lock").open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert prune_mirrors(folder.parent, [], 1) == []
        waiting = subprocess.Popen(
            [sys.executable, "-u", "-c", code, f"file://{source.path}", str(folder)],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert waiting.stdout is not None
        assert "is in use by another run; waiting" in waiting.stdout.readline()
    assert waiting.communicate(timeout=600)[0] == "held\n"


def test_a_git_that_outlives_its_parent_keeps_the_lock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    ssh = script(tmp_path / "ssh", f"read word < {fifo}")
    code = (
        "import sys; from pathlib import Path\n"
        "from quarterdeck.extractors.clones import mirror_in_use\n"
        "with mirror_in_use('git@forge.example:a/b', Path(sys.argv[1])): pass\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path / "m")],
        env=os.environ | {"GIT_SSH_COMMAND": str(ssh)},
    )
    with fifo.open("w"):  # git has come as far as to call ssh
        process.kill()
        process.wait()
        with (tmp_path / ".m.lock").open() as lock, pytest.raises(BlockingIOError):
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    with (tmp_path / ".m.lock").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # and it comes free


def test_mirrors_that_nobody_uses_are_pruned(source: RepositoryBuilder, tmp_path: Path) -> None:
    clones = tmp_path / "clones"
    names = ("old.git", "named.git", "new.git")
    update(source, clones / names[0])
    for name in names[1:]:
        shutil.copytree(clones / names[0], clones / name)
    for name in names[:2]:
        os.utime(clones / name / "quarterdeck-mirror.json", (0, 0))
    assert prune_mirrors(clones, [clones / "named.git"], 30) == [clones / "old.git"]
    assert sorted(p.name for p in clones.glob("*.git")) == ["named.git", "new.git"]


def test_each_place_has_a_mirror_of_its_own(tmp_path: Path) -> None:
    one = mirror_folder(tmp_path, "acme/app", "https://forge.example/acme/app.git")
    assert one == mirror_folder(tmp_path, "acme/app", "git@forge.example:acme/app")
    others = {
        mirror_folder(tmp_path, "acme/app", "https://other.example/acme/app.git"),
        mirror_folder(tmp_path, "acme+app", "https://forge.example/acme/app.git"),
        mirror_folder(tmp_path, "../app", "https://forge.example/acme/app.git"),
        mirror_folder(tmp_path, "x" * 200, "https://forge.example/acme/app.git"),
    }
    assert len(others | {one}) == 5
    assert {folder.parent for folder in others} == {tmp_path}
    assert one.name.startswith("acme+app-")


def test_sha256_objects_are_refused_clearly(tmp_path: Path) -> None:
    source = RepositoryBuilder(tmp_path / "source", object_format="sha256")
    source.commit({"a": b"1\n"})
    with pytest.raises(UnsupportedRepositoryError, match="SHA-256"):
        update(source, tmp_path / "m")


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
