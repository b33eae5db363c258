"""Repositories as they are found: partial, shallow, damaged, borrowed, without a config."""

import functools
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from git_fixtures import RepositoryBuilder
from mined import content, git_changes, mine, mined_changes, table

from quarterdeck.extractors.errors import (
    EmptyRepositoryError,
    RepositoryNotFoundError,
    UnsupportedRepositoryError,
)
from quarterdeck.extractors.repository import open_repository

TEXT = b"".join(b"line %d\n" % n for n in range(30))


def _history(path: Path, **options: object) -> RepositoryBuilder:
    repository = RepositoryBuilder(path, **options)  # type: ignore[arg-type]
    repository.commit({"a": b"1\n", "keep": TEXT})
    repository.commit({"a": b"2\n", "b": b"b\n"})
    repository.commit({"a": b"3\n", "keep": None, "moved": TEXT + b"x\n"})
    repository.commit({"a": b"4\n", "c": b"\0"})
    return repository


def test_missing_blobs_give_null_lines_and_a_count(tmp_path: Path) -> None:
    repository = _history(tmp_path / "app")
    expected = git_changes(repository)
    ids = repository.git("rev-list", "HEAD").split()
    repository.remove_object(repository.blob(ids[2], "a"))
    repository.remove_object(repository.blob(ids[0], "c"))

    result = mine(repository.path, tmp_path / "lake")

    blank = {(ids[2], b"a"), (ids[1], b"a"), (ids[0], b"c")}
    assert mined_changes(tmp_path / "lake") == {
        commit_id: [
            (*change[:3], None, None) if (commit_id, change[0]) in blank else change
            for change in changes
        ]
        for commit_id, changes in expected.items()
    }
    diffs = table(tmp_path / "lake", "commit_diffs")
    missing = dict(diffs.select("commit_id", "missing_files").iter_rows())
    assert [missing[commit_id] for commit_id in ids] == [1, 1, 1, 0]
    files = table(tmp_path / "lake", "file_changes")
    assert files["is_binary"].null_count() == 3
    assert result.problems == 0


def test_a_clone_without_any_blob(tmp_path: Path) -> None:
    source = _history(tmp_path / "app")
    source.git("config", "uploadpack.allowFilter", "true")
    clone = tmp_path / "clone"
    url = f"file://{source.path}"
    source.git("clone", "-q", "--bare", "--filter=blob:none", url, clone)

    result = mine(clone, tmp_path / "lake")

    assert result.new_diffs == 4
    expected = git_changes(source)
    found = mined_changes(tmp_path / "lake")
    # renames with a change need the content: here the file goes and another comes
    tip = source.git("rev-parse", "HEAD")
    assert [c[:3] for c in found[tip]] == [c[:3] for c in expected[tip]]
    assert all(change[3:] == (None, None) for changes in found.values() for change in changes)
    assert table(tmp_path / "lake", "commit_diffs")["missing_files"].sum() == 9


def test_a_missing_tree_is_reported_and_the_rest_is_mined(tmp_path: Path) -> None:
    repository = _history(tmp_path / "app")
    expected = git_changes(repository)
    ids = repository.git("rev-list", "HEAD").split()
    tree = repository.git("rev-parse", f"{ids[2]}^{{tree}}")
    repository.remove_object(tree)

    result = mine(repository.path, tmp_path / "lake")

    assert mined_changes(tmp_path / "lake") == {i: expected[i] for i in (ids[0], ids[3])}
    assert result.problems == 2 and result.new_diffs == 2
    problems = dict(table(tmp_path / "lake", "problems").select("commit_id", "problem").iter_rows())
    assert problems.keys() == {ids[1], ids[2]}
    assert all(tree in problem for problem in problems.values())


def _damage_loose(repository: RepositoryBuilder, blob: str) -> Callable[[], int]:
    path = repository.git_dir / "objects" / blob[:2] / blob[2:]
    kept = path.read_bytes()
    path.chmod(0o644)
    path.write_bytes(b"no zlib stream")
    return functools.partial(path.write_bytes, kept)


def _damage_packed(repository: RepositoryBuilder, blob: str) -> Callable[[], int]:
    repository.git("repack", "-adfq")
    (pack,) = (repository.git_dir / "objects" / "pack").glob("*.pack")
    listed = repository.git("verify-pack", "-v", pack.with_suffix(".idx"))
    (size, offset) = next(
        (int(words[3]), int(words[4])) for words in map(str.split, listed.splitlines())
        if words[0] == blob
    )  # fmt: skip
    kept = pack.read_bytes()
    damaged = bytearray(kept)
    for at in range(offset + 3, offset + size):
        damaged[at] ^= 0xFF
    pack.chmod(0o644)
    pack.write_bytes(damaged)
    return functools.partial(pack.write_bytes, kept)


@pytest.mark.parametrize("damage", [_damage_loose, _damage_packed])
def test_a_corrupt_blob_costs_its_own_file_alone_and_heals(
    tmp_path: Path, damage: Callable[[RepositoryBuilder, str], Callable[[], int]]
) -> None:
    repository = _history(tmp_path / "app")
    expected = git_changes(repository)
    ids = repository.git("rev-list", "HEAD").split()
    blob = repository.blob(ids[1], "a")
    repair = damage(repository, blob)

    result = mine(repository.path, tmp_path / "lake")

    problems = dict(table(tmp_path / "lake", "problems").select("commit_id", "problem").iter_rows())
    assert problems.keys() == {ids[0], ids[1]} and result.problems == 2
    assert all(f"blob {blob} is damaged" in problem for problem in problems.values())
    blank = {(ids[0], b"a"), (ids[1], b"a")}
    assert mined_changes(tmp_path / "lake") == {
        commit_id: [
            (*change[:3], None, None) if (commit_id, change[0]) in blank else change
            for change in changes
        ]
        for commit_id, changes in expected.items()
    }
    diffs = table(tmp_path / "lake", "commit_diffs")
    missing = dict(diffs.select("commit_id", "missing_files").iter_rows())
    assert [missing[commit_id] for commit_id in ids] == [1, 1, 0, 0]

    parts = sorted((tmp_path / "lake").rglob("*.parquet"))
    again = mine(repository.path, tmp_path / "lake")
    assert again.nothing_new and again.problems == 2
    assert sorted((tmp_path / "lake").rglob("*.parquet")) == parts
    repository.commit({"later": b"1\n"})
    assert mine(repository.path, tmp_path / "lake").problems == 2  # told as long as it is so

    repair()
    healed = mine(repository.path, tmp_path / "lake")
    assert (healed.new_diffs, healed.problems) == (2, 0)
    diffs = table(tmp_path / "lake", "commit_diffs").sort("missing_files")
    best = diffs.unique("commit_id", keep="first")
    files = table(tmp_path / "lake", "file_changes").join(best, on=["commit_id", "part"])
    found = {(row["commit_id"], row["path"].encode()): row["added"] for row in files.to_dicts()}
    assert {key: found[key] for key in blank} == dict.fromkeys(blank, 1)


def test_a_damaged_repository_is_not_written_anew_each_run_and_heals(tmp_path: Path) -> None:
    repository = _history(tmp_path / "app")
    tip = repository.git("rev-parse", "HEAD")
    tree = repository.git("rev-parse", f"{tip}^{{tree}}")
    path = repository.git_dir / "objects" / tree[:2] / tree[2:]
    kept = path.read_bytes()
    path.unlink()
    mine(repository.path, tmp_path / "lake")
    parts = sorted((tmp_path / "lake").rglob("*.parquet"))

    again = mine(repository.path, tmp_path / "lake")

    assert again.nothing_new and again.problems == 1
    assert sorted((tmp_path / "lake").rglob("*.parquet")) == parts
    path.write_bytes(kept)
    healed = mine(repository.path, tmp_path / "lake")
    assert (healed.new_diffs, healed.problems) == (1, 0)
    assert mined_changes(tmp_path / "lake") == git_changes(repository)


def test_a_missing_commit_ends_its_line_of_history(tmp_path: Path) -> None:
    repository = _history(tmp_path / "app")
    ids = repository.git("rev-list", "HEAD").split()
    repository.remove_object(ids[2])

    result = mine(repository.path, tmp_path / "lake")

    problems = table(tmp_path / "lake", "problems")
    assert problems["commit_id"].to_list() == [ids[2]]
    assert result.landed_changes == 2 and result.new_diffs == 1
    assert mined_changes(tmp_path / "lake").keys() == {ids[0]}


def test_a_bare_folder_without_config(tmp_path: Path) -> None:
    repository = _history(tmp_path / "worktrees" / "app", bare=True)
    expected = git_changes(repository)
    (repository.path / "config").unlink()

    opened = open_repository(repository.path)
    mine(repository.path, tmp_path / "lake")

    assert opened.is_bare and opened.default_branch == "main"
    assert mined_changes(tmp_path / "lake") == expected


def test_a_shallow_clone_has_no_diff_at_its_boundary(tmp_path: Path) -> None:
    source = _history(tmp_path / "app")
    expected = git_changes(source)
    ids = source.git("rev-list", "HEAD").split()
    source.git("clone", "-q", "--depth=2", f"file://{source.path}", tmp_path / "clone")

    result = mine(tmp_path / "clone", tmp_path / "lake")

    assert result.is_shallow and result.landed_changes == 2
    assert mined_changes(tmp_path / "lake") == {ids[0]: expected[ids[0]]}
    commits = table(tmp_path / "lake", "commits")
    parents = dict(commits.select("commit_id", "parent_ids").iter_rows())
    assert parents == {ids[0]: [ids[1]], ids[1]: [ids[2]]}


@pytest.mark.parametrize("relative", [False, True])
def test_borrowed_objects(tmp_path: Path, relative: bool) -> None:
    source = _history(tmp_path / "app")
    clone = tmp_path / "a clone"
    source.git("clone", "-q", "--shared", "--bare", ".", clone)
    if relative:
        (clone / "objects" / "info" / "alternates").write_text("../../app/.git/objects\n")

    mine(clone, tmp_path / "lake")

    assert mined_changes(tmp_path / "lake") == git_changes(source)


def test_sha256_objects_are_refused_clearly(tmp_path: Path) -> None:
    repository = _history(tmp_path / "app", object_format="sha256")

    with pytest.raises(UnsupportedRepositoryError, match="SHA-256 repositories are not supported"):
        open_repository(repository.path)


def test_a_linked_worktree_and_a_folder_below_a_checkout(tmp_path: Path) -> None:
    repository = _history(tmp_path / "app")
    repository.git("worktree", "add", "-q", "-b", "topic", tmp_path / "tree", "HEAD~2")
    below = repository.path / "d" / "e"
    below.mkdir(parents=True)

    for place in (tmp_path / "tree", below):
        opened = open_repository(place, "main")
        assert (opened.default_branch, opened.is_bare) == ("main", False)
        assert str(opened.tip) == repository.git("rev-parse", "main")
        mine(place, tmp_path / f"lake-{place.name}")
    assert content(tmp_path / "lake-e")["commit_diffs"]
    topic = mined_changes(tmp_path / "lake-tree")  # on its own branch
    assert topic.keys() == set(repository.git("rev-list", "topic").split())


def test_a_submodule_is_a_checkout(tmp_path: Path) -> None:
    inner = _history(tmp_path / "inner")
    outer = _history(tmp_path / "outer")
    outer.git("reset", "-q", "--hard")
    outer.git("submodule", "--quiet", "add", str(inner.path), "sub")

    opened = open_repository(outer.path / "sub")

    assert not opened.is_bare
    assert str(opened.tip) == inner.git("rev-parse", "HEAD")


def test_empty_unborn_and_detached_heads(tmp_path: Path) -> None:
    empty = RepositoryBuilder(tmp_path / "empty", branch="trunk")
    with pytest.raises(EmptyRepositoryError, match="branch 'trunk' has no commit yet"):
        open_repository(empty.path)

    repository = _history(tmp_path / "app", branch="trunk")
    assert open_repository(repository.path).default_branch == "trunk"
    repository.git("checkout", "-q", "--detach", "HEAD~1")
    opened = open_repository(repository.path)
    assert (opened.default_branch, str(opened.tip)) == ("HEAD", repository.git("rev-parse", "HEAD"))
    repository.git("symbolic-ref", "HEAD", "refs/heads/unborn")
    with pytest.raises(EmptyRepositoryError, match="branch 'unborn' has no commit yet"):
        open_repository(repository.path)
    with pytest.raises(RepositoryNotFoundError, match="no branch 'typo'"):
        open_repository(repository.path, "typo")


def test_paths_that_are_no_repository(tmp_path: Path) -> None:
    with pytest.raises(RepositoryNotFoundError, match="no such folder"):
        open_repository(tmp_path / "absent")
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / ".git").write_text("gitdir: nowhere\n")
    with pytest.raises(RepositoryNotFoundError, match="not a git repository"):
        open_repository(folder)


def test_a_checkout_follows_the_remote_where_that_is_ahead(tmp_path: Path) -> None:
    source = _history(tmp_path / "app", branch="trunk")
    clone = tmp_path / "clone"
    source.git("clone", "-q", ".", clone)
    source.git("-C", clone, "checkout", "-q", "-b", "topic", "HEAD~2")
    tip = source.commit({"later": b"1\n"})
    source.git("-C", clone, "fetch", "-q")

    opened = open_repository(clone)

    assert (opened.default_branch, str(opened.tip)) == ("trunk", tip)


_MEASURED = """
import resource, sys
from pathlib import Path
import mined
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
mined.mine(Path(sys.argv[1]), Path(sys.argv[2]))
own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
print(own >> 10, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss >> 10)
"""


def test_an_enormous_file_is_counted_in_bounded_memory(tmp_path: Path) -> None:
    repository = RepositoryBuilder(tmp_path / "app")
    # only to build it sooner; git would call such a file binary here
    repository.git("config", "core.bigFileThreshold", "1m")
    repository.git("config", "core.compression", "0")
    repository.git("config", "fastimport.unpackLimit", "1")
    half = (b"x" * 119 + b"\n") * 440_000  # 53 MB
    repository.commit({"enormous.py": half + half, "a": b"1\n"})
    repository.commit({"enormous.py": half + b"middle\n" + half})

    measured = subprocess.run(
        [sys.executable, "-c", _MEASURED, repository.path, tmp_path / "lake"],
        cwd=Path(__file__).parent,
        capture_output=True,
        text=True,
        check=True,
    )

    changes = table(tmp_path / "lake", "file_changes").sort("path", "added")
    assert changes.select("path", "added", "deleted").rows() == [
        ("a", 1, 0),
        ("enormous.py", 1, 0),
        ("enormous.py", 880_000, 0),
    ]
    own_mib, git_mib = map(int, measured.stdout.split())
    assert own_mib < 100  # never a whole version of the file
    assert git_mib < 1024
    facts = table(tmp_path / "lake", "content_facts")
    assert facts.select("size_bytes", "lines").rows() == [(2 * len(half) + 7, None)]


def test_committer_time_that_runs_backwards(tmp_path: Path) -> None:
    repository = RepositoryBuilder(tmp_path / "app")
    times = [4294967295, 1700000000, 0, 1600000000]  # 2106, 2023, 1970, 2020
    ids = [repository.commit({"a": b"%d\n" % at}, date=at) for at in times[:2]]
    side = repository.commit({"b": b"1\n"}, date=times[0], branch="side")
    ids += [repository.commit({"a": b"%d\n" % at}, date=at) for at in times[2:]]
    ids.append(repository.merge([ids[-1], side], files={"b": b"1\n"}))

    mine(repository.path, tmp_path / "lake")

    landings = table(tmp_path / "lake", "landings")
    positions = dict(landings.select("commit_id", "position").iter_rows())
    assert [positions[commit_id] for commit_id in ids] == [0, 1, 2, 3, 4]
    commits = table(tmp_path / "lake", "commits")
    at = dict(commits.select("commit_id", "committed_at").iter_rows())
    assert [at[commit_id].year for commit_id in ids[:4]] == [2106, 2023, 1970, 2020]
    assert mined_changes(tmp_path / "lake") == git_changes(repository, "--diff-merges=first-parent")
    new = repository.commit({"a": b"later\n"}, date=1, parents=[ids[-1]])
    result = mine(repository.path, tmp_path / "lake")
    assert (result.new_commits, result.new_diffs) == (1, 1)  # by ancestry, not by time
    assert new in mined_changes(tmp_path / "lake")


@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="chown needs root")
def test_a_repository_owned_by_another_user(tmp_path: Path) -> None:
    repository = _history(tmp_path / "app")
    expected = git_changes(repository)
    for place in (repository.path, *repository.path.rglob("*")):
        shutil.chown(place, 12345, 12345)

    mine(repository.path, tmp_path / "lake")

    assert mined_changes(tmp_path / "lake") == expected
