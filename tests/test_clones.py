"""Mirrors of repositories that are given as URLs."""

import fcntl
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from clone_fixtures import make_source, refs, script, update
from git_fixtures import RepositoryBuilder
from mined import git_changes, mine, mined_changes

from quarterdeck.extractors.clones import mirror_folder, mirror_in_use, prune_mirrors
from quarterdeck.extractors.errors import GitCommandError, UnsupportedRepositoryError
from quarterdeck.extractors.repository import open_repository


@pytest.fixture
def source(tmp_path: Path) -> RepositoryBuilder:
    return make_source(tmp_path)


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


def test_a_clone_has_its_pull_requests_in_one_file(
    source: RepositoryBuilder, tmp_path: Path
) -> None:
    """A hundred thousand files, one for each, take minutes to write and to pack."""
    head = source.git("rev-parse", "HEAD")
    wanted = {"refs/pull/1/head", "refs/merge-requests/2/head", "refs/notes/ai", "refs/tags/v1"}
    for name in (*wanted, "refs/pull/1/merge", "refs/other/x"):
        source.ref(name, head)
    begun = tmp_path / "begun.git"
    with mirror_in_use(f"file://{source.path}", tmp_path / "m") as mirror:
        mirror._begin(begun)
    assert refs(begun) == {"refs/heads/trunk", *wanted}
    assert not [path for path in (begun / "refs").rglob("*") if path.is_file()]
    assert refs(tmp_path / "m") == {"refs/heads/trunk", *wanted, "refs/other/x"}


def test_sha256_objects_are_refused_clearly(tmp_path: Path) -> None:
    source = RepositoryBuilder(tmp_path / "source", object_format="sha256")
    source.commit({"a": b"1\n"})
    with pytest.raises(UnsupportedRepositoryError, match="SHA-256"):
        update(source, tmp_path / "m")
    assert not list(tmp_path.glob("m*"))


def test_a_repository_that_became_sha256_is_refused_clearly(
    source: RepositoryBuilder, tmp_path: Path
) -> None:
    update(source, tmp_path / "m")
    shutil.rmtree(source.path)
    RepositoryBuilder(source.path, object_format="sha256").commit({"a": b"1\n"})
    with pytest.raises(UnsupportedRepositoryError, match="SHA-256"):
        update(source, tmp_path / "m")
