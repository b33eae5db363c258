"""Commits, refs and landings: what was recorded, whatever stands beside it in the repository."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from git_fixtures import ADA, BEN, RepositoryBuilder
from mined import git_changes, mine, mined_changes, table

from quarterdeck.extractors import git_history
from quarterdeck.extractors.repository import open_repository


def _commit_row(lake: Path, commit_id: str) -> dict[str, object]:
    rows = table(lake, "commits").rows_by_key(
        "commit_id", named=True, unique=True, include_key=True
    )
    return rows[commit_id]


def test_a_commit_is_kept_as_recorded(tmp_path: Path) -> None:
    repository = RepositoryBuilder(tmp_path / "app")
    first = repository.commit({"a": b"1\n"})
    second = repository.commit(
        {"a": b"2\n"},
        "Subject\n\nBody \u00e9\n",
        author=ADA,
        committer=BEN,
        date="2023-02-01T10:00:00-07:30",
        committed="2023-02-02T10:00:00+02:00",
    )

    mine(repository.path, tmp_path / "lake")

    assert _commit_row(tmp_path / "lake", second) == {
        "repository_id": "app",
        "commit_id": second,
        "tree_id": repository.git("rev-parse", f"{second}^{{tree}}"),
        "parent_ids": [first],
        "author_name": "Ada Example",
        "author_email": "ada@example.com",
        "authored_at": datetime(2023, 2, 1, 17, 30, tzinfo=UTC),
        "author_utc_offset_minutes": -450,
        "committer_name": "Ben Sample",
        "committer_email": "ben@example.org",
        "committed_at": datetime(2023, 2, 2, 8, 0, tzinfo=UTC),
        "committer_utc_offset_minutes": 120,
        "message": "Subject\n\nBody \u00e9\n",
    }


@pytest.mark.parametrize(
    ("message", "encoding", "text"),
    [
        (b"caf\xe9\n", None, "caf\\xe9\n"),
        (b"caf\xe9\n", "ISO-8859-1", "caf\u00e9\n"),
        (b"caf\xe9\n", "no-such-encoding", "caf\\xe9\n"),
        (b"a\0b\n", None, "a\u2400b\n"),
        (b"", None, ""),
        (b"\xed\xa0\x80\n", None, "\\xed\\xa0\\x80\n"),
    ],
)
def test_any_message_is_readable(
    tmp_path: Path, message: bytes, encoding: str | None, text: str
) -> None:
    repository = RepositoryBuilder(tmp_path / "app")
    commit_id = repository.commit({"a": b"1\n"}, message, encoding=encoding)

    mine(repository.path, tmp_path / "lake")

    assert _commit_row(tmp_path / "lake", commit_id)["message"] == text


@pytest.mark.parametrize(
    ("seconds", "year"), [(0, 1970), (4294967295, 2106), (253402300799, 9999), (10**15, None)]
)
def test_times_from_1970_to_the_end_of_the_calendar(
    tmp_path: Path, seconds: int, year: int | None
) -> None:
    repository = RepositoryBuilder(tmp_path / "app")
    good = repository.commit({"a": b"1\n"})
    tree = repository.git("rev-parse", f"{good}^{{tree}}")
    commit_id = _raw_commit(repository, tree, f"Ada <ada@example.com> {seconds} +0000")

    mine(repository.path, tmp_path / "lake")

    at = _commit_row(tmp_path / "lake", commit_id)["authored_at"]
    assert (at.year if isinstance(at, datetime) else at) == year


def _raw_commit(repository: RepositoryBuilder, tree: str, author: str, *parents: str) -> str:
    """A commit with any author line, put at the tip of the default branch."""
    lines = [f"tree {tree}", *(f"parent {p}" for p in parents), f"author {author}"]
    text = "\n".join([*lines, "committer Ben Sample <ben@example.org> 1700000000 +0000", "", "m\n"])
    write = ("hash-object", "-t", "commit", "-w", "--stdin", "--literally")
    commit_id = repository.git(*write, stdin=text.encode())
    (repository.git_dir / "refs" / "heads" / "main").write_text(commit_id + "\n")
    return commit_id


@pytest.mark.parametrize(
    ("author", "name", "email", "seconds", "offset"),
    [
        ("Ada", "Ada", "", None, None),
        ("Ada <ada@example.com>", "Ada", "ada@example.com", None, None),
        ("Ada <ada@example.com 1700000000 +0000", "Ada", "ada@example.com", None, None),
        ("<> 1700000000 +0000", "", "", 1700000000, 0),
        ("Ada <a@b> 1700000000 +518000", "Ada", "a@b", 1700000000, None),
        ("Ada <a <x> b> 1700000000 -0700", "Ada", "a <x", 1700000000, -420),
        ("Ada <a@b>1700000000 -0700", "Ada", "a@b", 1700000000, -420),
        ("Ada <a@b> -5 +0000", "Ada", "a@b", None, None),
    ],
)
def test_a_malformed_author_hides_no_history(
    tmp_path: Path, author: str, name: str, email: str, seconds: int | None, offset: int | None
) -> None:
    repository = RepositoryBuilder(tmp_path / "app")
    first = repository.commit({"a": b"1\n"})
    second = repository.commit({"a": b"1\n2\n"})
    tree = repository.git("rev-parse", f"{second}^{{tree}}")
    tip = _raw_commit(repository, tree, author, first)

    result = mine(repository.path, tmp_path / "lake")

    row = _commit_row(tmp_path / "lake", tip)
    at = datetime.fromtimestamp(seconds, UTC) if seconds is not None else None
    told = (row["author_name"], row["author_email"], row["authored_at"])
    assert told == (name, email, at)
    assert row["author_utc_offset_minutes"] == offset
    assert result.problems == 0
    assert mined_changes(tmp_path / "lake") == git_changes(repository)


def test_every_commit_belongs_to_the_landed_change_that_brought_it_in(tmp_path: Path) -> None:
    repository = RepositoryBuilder(tmp_path / "app")
    root = repository.commit({"a": b"1\n"}, date="2023-05-05T00:00:00+00:00")
    direct = repository.commit({"a": b"2\n"}, date="2023-01-01T00:00:00+00:00")
    side = repository.commit({"b": b"1\n"}, parents=[root], branch="side")
    nested = repository.commit({"c": b"1\n"}, parents=[side], branch="nested")
    inner = repository.merge([side, nested], branch="side")
    merge = repository.merge([direct, inner])
    late = repository.commit({"d": b"1\n"}, parents=[inner], branch="late")
    other_root = repository.commit({"e": b"1\n"}, parents=[], branch="other")
    octopus = repository.merge([merge, late, other_root])

    opened = open_repository(repository.path)
    frame = git_history.landings("app", git_history.read_history(opened))

    assert {row[1]: row[2:] for row in frame.rows()} == {
        root: (root, 0),
        direct: (direct, 1),
        **dict.fromkeys((side, nested, inner, merge), (merge, 2)),
        **dict.fromkeys((late, other_root, octopus), (octopus, 3)),
    }


def test_history_lists_parents_before_children(tmp_path: Path) -> None:
    repository = RepositoryBuilder(tmp_path / "app")
    made = [repository.commit({"a": b"0\n"})]
    for step in range(1, 12):
        parents = [made[-1], made[step // 3]] if step % 4 == 3 else [made[step // 2]]
        made.append(repository.commit({"a": b"%d\n" % step}, parents=parents))

    history = git_history.read_history(open_repository(repository.path))

    order = {commit_id: place for place, commit_id in enumerate(history.parents)}
    assert all(order[p] < order[c] for c, parents in history.parents.items() for p in parents)
    assert (
        history.chain == repository.git("rev-list", "--first-parent", "--reverse", "HEAD").split()
    )


def test_grafts_and_replace_refs_change_nothing(tmp_path: Path) -> None:
    repository = RepositoryBuilder(tmp_path / "app")
    first = repository.commit({"a": b"1\n"})
    second = repository.commit({"a": b"2\n"})
    third = repository.commit({"a": b"3\n"})
    expected = git_changes(repository)
    other = repository.commit({"z": b"z\n" * 9}, parents=[], branch="other")
    repository.git("replace", second, other)
    (repository.git_dir / "info" / "grafts").write_text(f"{third} {first}\n")

    mine(repository.path, tmp_path / "lake")

    assert mined_changes(tmp_path / "lake") == expected
    assert _commit_row(tmp_path / "lake", third)["parent_ids"] == [second]


def test_refs_lead_to_commits(tmp_path: Path) -> None:
    repository = RepositoryBuilder(tmp_path / "app")
    commit_id = repository.commit({"a": b"1\n"})
    repository.git("-c", "user.name=Ada", "-c", "user.email=a@b", "tag", "-a", "-m", "v", "v1")
    repository.git("update-ref", "refs/tags/blob", repository.blob(commit_id, "a"))
    repository.git("symbolic-ref", "refs/remotes/origin/HEAD", "refs/heads/main")
    repository.git("pack-refs", "--all")

    found = git_history.refs("app", open_repository(repository.path))

    assert found.rows() == [
        ("app", "refs/heads/main", commit_id),
        ("app", "refs/tags/v1", commit_id),
    ]


def test_mailmap_and_attributes_at_the_tip(tmp_path: Path) -> None:
    repository = RepositoryBuilder(tmp_path / "app")
    files = {".mailmap": b"Ada <a@b>\n", "d/.mailmap": b"x\n", "d/e/.gitattributes": b"* -diff\n"}
    repository.commit({**files, ".gitattributes": b"caf\xe9\n"})

    found = git_history.tip_files("app", open_repository(repository.path))

    assert [row[1:] for row in found.rows()] == [
        (".gitattributes", "caf\\xe9\n"),
        (".mailmap", "Ada <a@b>\n"),
        ("d/e/.gitattributes", "* -diff\n"),
    ]
