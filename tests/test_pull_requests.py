"""Pull requests told by refs, messages, reachability and rebase."""

from pathlib import Path

import pytest
from git_fixtures import BEN, RepositoryBuilder
from mined import mine, table

from quarterdeck.extractors import pull_requests
from quarterdeck.extractors.closing_lines import closed_numbers
from quarterdeck.extractors.pull_requests import merged_number


@pytest.mark.parametrize(
    ("message", "told"),
    [
        ("Merge pull request #12 from ada/topic\n\nTitle", (12, "ada/topic", "merge message")),
        (
            "Merge pull request 'Title (#3)' (#12) from ada/topic into main",
            (12, "ada/topic", "merge message"),
        ),
        ("Merged in topic (pull request #12)\n\nTitle", (12, "topic", "merge message")),
        (
            "Merge branch 'topic' into 'main'\n\nTitle\n\nSee merge request group/app!12\n",
            (12, "topic", "merge message"),
        ),
        ("Title\n\nSee merge request !12", (12, None, "merge message")),
        ("Add a thing (#12)\n\n* one (#3)", (12, None, "subject number")),
        ("Add a thing (!12)", (12, None, "subject number")),
        ("Add a thing (pull request #12)", (12, None, "subject number")),
        ("Add a thing (#3) (#12)  ", (12, None, "subject number")),
        ("\n\nAdd a thing (#12)", (12, None, "subject number")),
        ('Revert "Add a thing (#12)"', None),
        ('Revert "Add a thing (#12)" (#15)', (15, None, "subject number")),
        ('Revert "Merge pull request #12 from ada/topic"', None),
        ("Fix #12", None),
        ("Fix a thing (#12) at last", None),
        ("Merge branch 'topic'", None),
        ("Talk\n\nI would say: See merge request group/app!12 there", None),
        ("Merge remote-tracking branch 'origin/topic'", None),
        ("", None),
    ],
)
def test_what_a_message_names(message: str, told: tuple[int, str | None, str] | None) -> None:
    assert merged_number(message) == told


@pytest.mark.parametrize(
    ("message", "numbers", "of_gitlab"),
    [
        ("Title\n\nCloses #12", [12], []),
        ("Fixes #3, fixes #4, close #12.", [3, 4, 12], []),
        ("Title (closes #12)", [12], []),
        ("Title\n\nResolved: #12\nFIXED #12", [12], []),
        ("Title\n\nCloses #12 from ada/topic.", [12], []),
        ("Title\n\nPR-URL: https://git.example/a/b/pull/12\nReviewed-By: Ben", [12], []),
        ("Title\n\nPull Request resolved: https://git.example/a/b/pulls/12", [12], []),
        ("Title\n\nCloses !12", [], [12]),
        ("Title\n\nCloses https://git.example/g/a/-/merge_requests/12", [], [12]),
        ("Title\n\nSee #12, from #13", [], []),
        ("Closes other/app#12", [], []),
        ("Do not auto-close #12", [], []),
        ("Enclosed #12; a hotfix #13", [], []),
        ("Closes https://git.example/a/b/issues/12", [], []),
        ('Revert "Fix it (closes #12)"\n\n> Closes #13', [], []),
        ("Closes #12345678901", [], []),
    ],
)
def test_what_a_message_closes(message: str, numbers: list[int], of_gitlab: list[int]) -> None:
    assert closed_numbers(message, is_gitlab=False) == numbers
    assert closed_numbers(message, is_gitlab=True) == of_gitlab


def _open(repository: RepositoryBuilder, root: str, count: int, below: str) -> list[str]:
    """Heads of as many pull requests, by Ben, each with a file of its own."""
    heads = [
        repository.commit({f"f{n}": b"1\n"}, f"Work {n}", parents=[root], branch="t", author=BEN)
        for n in range(count)
    ]
    for number, head in enumerate(heads, start=1):
        repository.ref(f"{below}/{number}/head", head)
    return heads


def test_a_commit_of_the_heads_author_that_closes_it_is_what_it_became(tmp_path: Path) -> None:
    repository = RepositoryBuilder(tmp_path / "app")
    root = repository.commit({"a": b"1\n"})
    heads = _open(repository, root, 5, "refs/pull")
    authored = int(repository.git("show", "-s", "--format=%at", heads[1]))
    edited = repository.commit({"f0": b"1\n"}, "[area] Reworded\n\nCloses #1", author=BEN)
    repository.commit({"a": b"2\n"}, "Before it\n\nFixes #2", author=BEN, date=authored + 9)
    same = repository.commit({"f1": b"1\n"}, "Reworded (closes #2)", author=BEN, date=authored)
    repository.commit({"a": b"3\n"}, "Done in another way\n\nCloses #3")
    repository.commit({"a": b"4\n"}, "Closes #4 and #77", author=BEN)
    squash = repository.commit({"f3": b"1\n"}, "Work, squashed (#4)")

    pulls = _pulls(repository, tmp_path / "lake")

    assert {n: (p["landed_commit_id"], p["landed_by"]) for n, p in pulls.items()} == {
        1: (edited, "closing line"),
        2: (same, "closing line"),
        3: (None, None),
        4: (squash, "subject number"),
        5: (None, None),
    }


def test_a_head_that_is_what_another_became_has_not_landed_again(tmp_path: Path) -> None:
    repository = RepositoryBuilder(tmp_path / "app")
    root = repository.commit({"a": b"1\n"})
    head = repository.commit({"b": b"1\n"}, parents=[root], branch="topic")
    squash = repository.commit({"b": b"1\n"}, "Add a thing (#1)")
    repository.ref("refs/pull/1/head", head)
    repository.ref("refs/pull/2/head", squash)  # from the default branch to that of releases

    pulls = _pulls(repository, tmp_path / "lake")

    assert (pulls[1]["landed_commit_id"], pulls[1]["own_commits"]) == (squash, 1)
    assert (pulls[2]["landed_commit_id"], pulls[2]["own_commits"]) == (None, None)


def test_an_issues_number_is_no_merge_requests(tmp_path: Path) -> None:
    repository = RepositoryBuilder(tmp_path / "app")
    root = repository.commit({"a": b"1\n"})
    heads = _open(repository, root, 4, "refs/merge-requests")
    written = int(repository.git("show", "-s", "--format=%ct", heads[2]))
    repository.commit({"a": b"2\n"}, "Mend what was told (#1)")
    named = repository.commit({"f1": b"1\n"}, "Work (!2)")
    imported = repository.commit({"f2": b"1\n"}, "Squashed (#3)", author=BEN)
    later = written + 40 * 86_400
    repository.commit({"a": b"3\n"}, "Mend an old issue (#4)", author=BEN, date=later)

    pulls = _pulls(repository, tmp_path / "lake")

    assert {n: p["landed_commit_id"] for n, p in pulls.items()} == {
        1: None,
        2: named,
        3: imported,
        4: None,
    }


def _pulls(repository: RepositoryBuilder, lake: Path) -> dict[int, dict[str, object]]:
    mine(repository.path, lake)
    return {row["number"]: row for row in table(lake, "pull_requests").iter_rows(named=True)}


def _own(lake: Path) -> dict[int, set[str]]:
    own: dict[int, set[str]] = {}
    for _, number, commit_id in table(lake, "pull_request_commits").iter_rows():
        own.setdefault(number, set()).add(commit_id)
    return own


def test_merged_squashed_rebased_and_open(tmp_path: Path) -> None:
    repository = RepositoryBuilder(tmp_path / "app")
    root = repository.commit({"a": b"1\n"})
    heads = {
        number: repository.commit(
            {f"f{number}": b"1\n"},
            f"Work {number}",
            parents=[root],
            branch=f"t{number}",
            author=BEN,
        )
        for number in (1, 2, 3, 4)
    }
    more = repository.commit({"g1": b"1\n"}, branch="t1")
    heads[1] = more
    for number, head in heads.items():
        repository.ref(f"refs/pull/{number}/head", head)
    merge = repository.merge([root, more], "Merge pull request #1 from ben/t1")
    squash = repository.commit({"f2": b"1\n"}, "Work 2 (#2)")
    authored = int(repository.git("show", "-s", "--format=%at", heads[3]))
    rebased = repository.commit({"f3": b"1\n"}, "Work 3", author=BEN, date=authored)
    repository.commit({"a": b"2\n"}, "Close an issue (#99)")

    pulls = _pulls(repository, tmp_path / "lake")

    assert {n: (p["landed_commit_id"], p["landed_by"]) for n, p in pulls.items()} == {
        1: (merge, "merge message"),
        2: (squash, "subject number"),
        3: (rebased, "rebased head"),
        4: (None, None),
    }
    assert pulls[1]["head_branch"] == "ben/t1"
    assert [pulls[n]["own_commits"] for n in (1, 2, 3, 4)] == [2, 1, 1, 1]
    own = _own(tmp_path / "lake")
    assert own == {
        1: {more, repository.git("rev-parse", f"{more}^")},
        **{n: {heads[n]} for n in (2, 3, 4)},
    }
    assert set(heads.values()) < set(table(tmp_path / "lake", "commits")["commit_id"])


def test_without_refs_a_squash_number_is_taken_for_a_pull_request(tmp_path: Path) -> None:
    repository = RepositoryBuilder(tmp_path / "app")
    squash = repository.commit({"a": b"1\n"}, "Add a thing (#7)")

    pulls = _pulls(repository, tmp_path / "lake")

    assert pulls.keys() == {7}
    assert (pulls[7]["landed_commit_id"], pulls[7]["own_commits"]) == (squash, None)
    assert pulls[7]["first_authored_at"] is None


def test_a_merge_message_stands_above_an_earlier_subject(tmp_path: Path) -> None:
    repository = RepositoryBuilder(tmp_path / "app")
    root = repository.commit({"a": b"1\n"}, "Mention it (#1)")
    head = repository.commit({"b": b"1\n"}, branch="topic", parents=[root])
    repository.ref("refs/merge-requests/1/head", head)
    merge = repository.merge([root, head], "Merge branch 'topic'\n\nSee merge request g/app!1")

    assert _pulls(repository, tmp_path / "lake")[1]["landed_commit_id"] == merge


def test_a_head_that_is_reachable_has_landed(tmp_path: Path) -> None:
    repository = RepositoryBuilder(tmp_path / "app")
    root = repository.commit({"a": b"1\n"})
    head = repository.commit({"b": b"1\n"}, branch="topic", parents=[root])
    merge = repository.merge([root, head], "Merge branch 'topic'")
    forwarded = repository.commit({"c": b"1\n"})
    repository.ref("refs/pull/1/head", head)
    repository.ref("refs/pull/2/head", forwarded)

    pulls = _pulls(repository, tmp_path / "lake")

    landed = {n: (p["landed_commit_id"], p["landed_by"]) for n, p in pulls.items()}
    assert landed == {1: (merge, "head reachable"), 2: (forwarded, "head reachable")}
    assert _own(tmp_path / "lake") == {1: {head}, 2: {forwarded}}


def test_of_stacked_pull_requests_each_has_the_commits_up_to_its_head(tmp_path: Path) -> None:
    repository = RepositoryBuilder(tmp_path / "app")
    root = repository.commit({"a": b"1\n"})
    lower = repository.commit({"b": b"1\n"}, branch="lower", parents=[root])
    upper = repository.commit({"c": b"1\n"}, branch="upper", parents=[lower])
    open_lower = repository.commit({"d": b"1\n"}, branch="open", parents=[root])
    open_upper = repository.commit({"e": b"1\n"}, branch="open")
    heads = {1: lower, 2: upper, 3: open_lower, 4: open_upper}
    for number, head in heads.items():
        repository.ref(f"refs/pull/{number}/head", head)
    merge = repository.merge([root, upper], "Merge pull request #2 from ada/upper")

    pulls = _pulls(repository, tmp_path / "lake")

    assert [pulls[n]["landed_commit_id"] for n in heads] == [merge, merge, None, None]
    assert _own(tmp_path / "lake") == {
        1: {lower},
        2: {lower, upper},
        3: {open_lower},
        4: {open_lower, open_upper},
    }


def test_beyond_the_limit_the_own_commits_are_not_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pull_requests, "OWN_COMMITS_LIMIT", 3)
    repository = RepositoryBuilder(tmp_path / "app")
    root = repository.commit({"a": b"1\n"})
    for number, commits in ((1, 3), (2, 4)):
        head = root
        for n in range(commits):
            head = repository.commit({f"f{n}": b"1\n"}, parents=[head], branch=f"t{number}")
        repository.ref(f"refs/pull/{number}/head", head)
    merge = repository.merge([root, head], "Merge pull request #2 from ada/t2")

    pulls = _pulls(repository, tmp_path / "lake")

    assert [pulls[n]["own_commits"] for n in (1, 2)] == [3, None]
    assert pulls[2]["landed_commit_id"] == merge
    assert pulls[2]["first_authored_at"] is None


def test_a_head_whose_commits_are_not_all_there(tmp_path: Path) -> None:
    repository = RepositoryBuilder(tmp_path / "app")
    root = repository.commit({"a": b"1\n"})
    middle = repository.commit({"b": b"1\n"}, branch="topic", parents=[root])
    head = repository.commit({"b": b"2\n"}, branch="topic")
    repository.ref("refs/pull/1/head", head)
    repository.remove_object(middle)

    pulls = _pulls(repository, tmp_path / "lake")

    assert (pulls[1]["head_commit_id"], pulls[1]["own_commits"]) == (head, None)
