"""Counts, states and renames of every commit equal git's own."""

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from git_fixtures import Entry, RepositoryBuilder
from hypothesis import given, settings
from hypothesis import strategies as st
from mined import git_changes, mine, mined_changes, table

TEXT = b"".join(b"line %d\n" % n for n in range(40))
LINK, SUBMODULE, EXECUTABLE = "120000", "160000", "100755"

CASES: dict[str, list[dict[str | bytes, bytes | Entry | None]]] = {
    "plain": [{"a": b"1\n2\n"}, {"a": b"1\n3\n4\n"}, {"a": None}],
    "rename": [{"a": TEXT}, {"a": None, "b/a": TEXT}],
    "rename with a change": [{"a": TEXT}, {"a": None, "c": TEXT + b"more\n"}],
    "rename of a binary": [{"a": b"\0" + TEXT}, {"a": None, "b": b"\0" + TEXT + b"x"}],
    "copy is an addition": [{"a": TEXT}, {"a": TEXT + b"x\n", "b": TEXT}],
    "two renames to choose from": [{"a": TEXT}, {"a": None, "b": TEXT, "c": TEXT}],
    "swap": [{"a": TEXT, "b": b"b\n" * 9}, {"a": b"b\n" * 9, "b": TEXT}],
    "binary": [{"a": b"\0\1\n"}, {"a": b"\0\2\n"}, {"a": b"text\n"}, {"a": b"\0"}],
    "NUL beyond what git looks at": [{"a": b"x\n" * 8001}, {"a": b"x\n" * 8001 + b"\0\n"}],
    "mode": [{"a": b"x\n"}, {"a": Entry(b"x\n", EXECUTABLE)}],
    "type change": [{"a": b"x\n"}, {"a": Entry(b"target", LINK)}, {"a": b"y\n"}],
    "symlink": [{"a": Entry(b"one", LINK)}, {"a": Entry(b"two", LINK)}, {"a": None}],
    "submodule": [
        {"m": Entry(b"1" * 40, SUBMODULE)},
        {"m": Entry(b"2" * 40, SUBMODULE)},
        {"m": b"file\n"},
        {"m": Entry(b"3" * 40, SUBMODULE)},
        {"m": None},
    ],
    "file becomes folder": [{"a": b"x\n"}, {"a": None, "a/b": b"x\n"}],
    "CRLF": [{"a": b"1\r\n2\r\n"}, {"a": b"1\n2\n"}, {"a": b"1\r2\r3"}],
    "no final newline": [{"a": b"1\n2"}, {"a": b"1\n2\n"}, {"a": b"1\n2\n3"}, {"a": b""}],
    "empty file": [{"a": b""}, {"a": None, "b": b""}],
    "empty commit": [{"a": b"x\n"}, {}],
    "empty root": [{}, {"a": b"x\n"}],
    "minified": [{"a": b"x=1;" * 50_000}, {"a": b"x=1;" * 50_000 + b"y"}],
    "names": [
        {b"\xff\xfe": b"1\n", "\u00e9\u4e2d": b"2\n", "tab\tnew\nline": b"3\n", '"q"': b"4\n"},
        {b"\xff\xfe": None, b"\xff\xfd\\": b"1\n", "back\\slash": b"5\n", " ": b"6\n"},
        {":100644 a": b"7\n", "-\t-\tb": b"8\n", "1\t2\t": b"9\n", "0" * 40: b"10\n"},
    ],
    "moved block": [{"a": TEXT}, {"a": TEXT[200:] + TEXT[:200]}],
    "common tail and head": [{"a": b"{\n}\n" * 30}, {"a": b"{\n}\n" * 31}],
}


@pytest.mark.parametrize("name", CASES)
def test_every_kind_of_change_counts_as_in_git(name: str, tmp_path: Path) -> None:
    repository = RepositoryBuilder(tmp_path / "app")
    for files in CASES[name]:
        repository.commit(files)

    mine(repository.path, tmp_path / "lake")

    assert mined_changes(tmp_path / "lake") == git_changes(repository)


def test_merges_count_against_their_first_parent(tmp_path: Path) -> None:
    repository = RepositoryBuilder(tmp_path / "app")
    root = repository.commit({"a": TEXT})
    main = repository.commit({"a": TEXT + b"m\n"})
    sides = [
        repository.commit({f"s{n}": b"s\n" * n}, parents=[root], branch=f"s{n}") for n in (1, 2, 3)
    ]
    other_root = repository.commit({"r": b"root\n"}, parents=[], branch="other")
    octopus = repository.merge([main, *sides], "Octopus", {f"s{n}": b"s\n" * n for n in (1, 2, 3)})
    repository.merge([octopus, other_root], "Join", {"r": b"root\n"})
    repository.merge([repository.git("rev-parse", "HEAD"), sides[0]], "Keep ours")

    mine(repository.path, tmp_path / "lake")

    found = mined_changes(tmp_path / "lake")
    assert found == git_changes(repository, "--diff-merges=first-parent")
    chain = git_changes(repository, "--first-parent", "-m")
    assert chain == {commit_id: found[commit_id] for commit_id in chain}
    assert len(found) == 9 and len(chain) == 5


def test_settings_of_the_user_change_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository = RepositoryBuilder(tmp_path / "app")
    for files in CASES["rename with a change"] + CASES["moved block"] + CASES["binary"]:
        repository.commit(files)
    expected = git_changes(repository)
    for key, value in {
        "diff.algorithm": "histogram",
        "diff.context": "0",
        "diff.renames": "copies",
        "diff.renameLimit": "1",
        "diff.external": "false",
        "diff.orderFile": str(tmp_path / "order"),
        "core.bigFileThreshold": "1",
    }.items():
        repository.git("config", key, value)
    # the user's own, where git finds them, and in the environment of one who calls us from a hook
    home = tmp_path / "home"
    home.mkdir()
    (home / ".gitconfig").write_bytes((repository.git_dir / "config").read_bytes())
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.delenv("GIT_CONFIG_GLOBAL", raising=False)
    monkeypatch.setenv("GIT_DIFF_OPTS", "--unified=0")
    monkeypatch.setenv("GIT_EXTERNAL_DIFF", "false")
    monkeypatch.setenv("GIT_OBJECT_DIRECTORY", str(tmp_path / "nowhere"))
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", "diff.renames")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", "false")

    mine(repository.path, tmp_path / "lake")

    assert mined_changes(tmp_path / "lake") == expected


def test_attributes_change_nothing_in_a_checkout_or_bare(tmp_path: Path) -> None:
    repository = RepositoryBuilder(tmp_path / "app")
    repository.commit({"a.gen": b"1\n"})
    plain = git_changes(repository)
    repository.commit({".gitattributes": b"*.gen -diff\n*.txt diff=word\n", "b.gen": b"1\n2\n"})
    repository.git("reset", "-q", "--hard")
    (repository.git_dir / "info" / "attributes").write_text("* binary\n")
    repository.git("clone", "-q", "--bare", ".", tmp_path / "bare")

    mine(repository.path, tmp_path / "lake")
    mine(tmp_path / "bare", tmp_path / "lake-of-bare")

    found = mined_changes(tmp_path / "lake")
    assert found == mined_changes(tmp_path / "lake-of-bare")
    assert plain.keys() < found.keys()
    counts = {change[0]: change[3:] for changes in found.values() for change in changes}
    assert counts == {b"a.gen": (1, 0), b"b.gen": (2, 0), b".gitattributes": (2, 0)}


def test_a_big_file_is_counted(tmp_path: Path) -> None:
    repository = RepositoryBuilder(tmp_path / "app")
    big = b"".join(b"%d\n" % n for n in range(1_500_000))
    repository.commit({"a": big})
    repository.commit({"a": big + b"end\n"})

    mine(repository.path, tmp_path / "lake")

    assert table(tmp_path / "lake", "file_changes")["added"].sort().to_list() == [1, 1_500_000]


_line = st.sampled_from([b"a\n", b"b\n", b"}\n", b"\n", b"c\r\n", b"tail", b"\0\n"])
_content = st.one_of(
    st.lists(_line, max_size=12).map(b"".join),
    st.integers(0, 30).map(lambda n: b"".join(b"row %d\n" % (k + n // 10) for k in range(25))),
)
_entry = st.one_of(
    _content,
    _content.map(Entry),
    st.sampled_from([None, Entry(b"a", LINK), Entry(b"7" * 40, SUBMODULE)]),
)
_path = st.sampled_from([b"a", b"b", b"d/a", b"d/\xe9", "d/\u00e9".encode(), b'd/"', b"d/e/f g"])


@settings(max_examples=25)
@given(
    steps=st.lists(
        st.tuples(st.dictionaries(_path, _entry, max_size=4), st.integers(0, 9), st.integers(0, 9)),
        min_size=1,
        max_size=7,
    )
)
def test_any_history_counts_as_in_git(
    steps: list[tuple[dict[bytes, bytes | Entry | None], int, int]],
) -> None:
    """Each step changes files on top of an earlier commit, and merges another one now and then."""
    with TemporaryDirectory() as folder:
        repository = RepositoryBuilder(Path(folder, "app"))
        made: list[str] = []
        for files, first, second in steps:
            parents = [made[-1 - first % min(2, len(made))]] if made else []
            if made and second % 3 == 0 and made[0] not in parents:
                parents.append(made[0])
            made.append(repository.commit(files, parents=parents))
        lake = Path(folder, "lake")

        mine(repository.path, lake)

        assert mined_changes(lake) == git_changes(repository, "--diff-merges=first-parent")
