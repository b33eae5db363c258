"""The lines of a squashed pull request, split over the commits it was made of."""

from datetime import date
from pathlib import Path

import duckdb
import pytest
from git_fixtures import RepositoryBuilder
from mined import mine, table
from sql_fixtures import (
    ADA,
    BEN,
    BOT,
    CLAUDE,
    History,
    Repository,
    build_attribution,
    rows,
)

from quarterdeck.extractors.lake import Lake

DAY = date(2026, 2, 3)
OBJECTS = ("marts.landed_changes", "marts.contributors", "marts.contributor_activity")
MODEL = f"Write\n\n{CLAUDE}"
NOTE = """src/a.py
  s_0123456789abcd::t_00112233445566 1-30
---
{"schema_version": "authorship/3.0.0", "prompts": {}, "sessions": {"s_0123456789abcd":
{"agent_id": {"tool": "cursor", "id": "c1", "model": "claude-opus-4-6"}}}}"""
CURSOR = "Co-authored-by: Cursor <cursoragent@cursor.com>"


def _change(connection: duckdb.DuckDBPyConnection, commit_id: str) -> tuple[object, ...]:
    """Code lines by model, human, automation and undeclared; tier, agent and parts."""
    (found,) = rows(
        connection,
        f"""
        select model_lines, human_lines, automation_lines, undeclared_lines, tier, agent, commits
        from marts.landed_changes where commit_id = '{commit_id}'
        """,
    )
    return found


def _squash(repository: Repository, own: list[str], number: int, message: str = "Add it") -> str:
    landed = repository.land(DAY, {"src/a.py": 100}, message=f"{message} (#{number})")
    repository.pull(number, own, landed)
    return landed


def test_a_squash_that_hides_its_commits_trailers(tmp_path: Path) -> None:
    history = History()
    api = history.repository()
    own = [api.commit(DAY, {"src/a.py": 75}, message=MODEL), api.commit(DAY, {"src/b.py": 25}, BEN)]
    landed = _squash(api, own, 7)
    built = build_attribution(history, tmp_path, OBJECTS)
    assert _change(built, landed) == (75, 0, 0, 25, "declared", "Claude Code", 2)


def test_a_squash_that_claims_all_for_one_commit_of_many(tmp_path: Path) -> None:
    history = History()
    api = history.repository()
    own = [api.commit(DAY, {"src/a.py": 5}, message=MODEL)]
    own += [api.commit(DAY, {"src/b.py": 19}, message=f"Part {n}") for n in range(5)]
    landed = _squash(api, own, 7, message=f"Add it (#7)\n\n* Write\n\n{CLAUDE}")
    built = build_attribution(history, tmp_path, OBJECTS)
    assert _change(built, landed) == (5, 0, 0, 95, "declared", "Claude Code", 6)


@pytest.mark.parametrize(
    ("commit_message", "expected"),
    [
        ("Write", (100, 0, 0, 0, "declared", "Claude Code", 2)),
        # one commit names another agent: Claude has what is left open
        (f"Write\n\n{CURSOR}", (100, 0, 0, 0, "declared", "Claude Code", 2)),
        # a commit names the agent itself: so it is known which lines are meant
        (MODEL, (40, 0, 0, 60, "declared", "Claude Code", 2)),
    ],
)
def test_an_agent_that_only_the_squash_names(
    tmp_path: Path, commit_message: str, expected: tuple[object, ...]
) -> None:
    history = History()
    api = history.repository()
    own = [
        api.commit(DAY, {"src/a.py": 40}, message=commit_message),
        api.commit(DAY, {"src/b.py": 60}, BEN),
    ]
    landed = api.land(DAY, {"src/a.py": 100}, message=f"Add it (#7)\n\n{CLAUDE}")
    api.pull(7, own, landed)
    built = build_attribution(history, tmp_path, OBJECTS)
    assert _change(built, landed) == expected


@pytest.mark.parametrize(
    ("message", "first", "expected"),
    [
        # the record has its 30 lines, the commits tell of the 70 others
        ("Add it (#7)", MODEL, (65, 0, 0, 35, "attested", "Claude Code", 2)),
        ("Add it (#7)", "Write", (30, 0, 0, 70, "attested", "Cursor", 2)),
        # what the squash's message claims is about the others, too
        (f"Add it (#7)\n\n{CLAUDE}", "Write", (100, 0, 0, 0, "attested", "Claude Code", 2)),
    ],
)
def test_a_record_on_a_squash_goes_before_what_its_commits_tell(
    message: str, first: str, expected: tuple[object, ...], tmp_path: Path
) -> None:
    history = History()
    api = history.repository()
    own = [api.commit(DAY, {"src/a.py": 50}, message=first), api.commit(DAY, {"src/b.py": 50}, BEN)]
    landed = api.land(DAY, {"src/a.py": 100}, message=message)
    api.pull(7, own, landed)
    api.note(landed, NOTE, {"src/a.py": [(1, 100)]})
    built = build_attribution(history, tmp_path, OBJECTS)
    assert _change(built, landed) == expected
    (shares,) = rows(
        built,
        f"""
        select attested_share, declared_share, indicated_share
        from attribution.change_authorship where commit_id = '{landed}'
        """,
    )
    assert shares == pytest.approx((0.3, expected[0] / 100 - 0.3, 0))


def test_who_presses_the_button_is_not_the_author(tmp_path: Path) -> None:
    history = History()
    api = history.repository()
    own = [api.commit(DAY, {"src/a.py": 90}, ADA), api.commit(DAY, {"src/b.py": 10}, BEN)]
    landed = api.land(DAY, {"src/a.py": 100}, BOT, message="Add it (#7)")
    api.pull(7, own, landed)
    built = build_attribution(history, tmp_path, OBJECTS)
    assert _change(built, landed)[:4] == (0, 0, 0, 100)
    (names,) = rows(
        built,
        f"select name from marts.contributors join marts.landed_changes using (contributor_id) "
        f"where commit_id = '{landed}'",
    )
    assert names == ("Ada Ruiz",)
    active = rows(built, "select count(distinct contributor_id) from marts.contributor_activity")
    assert active == [(2,)]


def test_stacked_pull_requests_count_a_commit_where_it_landed_first(tmp_path: Path) -> None:
    history = History()
    api = history.repository()
    below = [api.commit(DAY, {"src/a.py": 50}, message=f"Below {n}") for n in range(2)]
    above = [api.commit(DAY, {"src/b.py": 50}, message=f"Above {n}\n\n{CLAUDE}") for n in range(2)]
    # the same commit again, as a rebase leaves it
    rebased = api.commit(DAY, {"src/a.py": 50}, message="Below 1")
    first = _squash(api, below, 1)
    second = _squash(api, [below[0], rebased, *above], 2)
    built = build_attribution(history, tmp_path, OBJECTS)
    assert _change(built, first)[:4] == (0, 0, 0, 100)
    assert _change(built, second) == (100, 0, 0, 0, "declared", "Claude Code", 2)


def test_what_is_not_a_squash_stays_whole(tmp_path: Path) -> None:
    history = History()
    api = history.repository()
    own = [api.commit(DAY, {"src/a.py": 50}, message=MODEL), api.commit(DAY, {"src/b.py": 50})]
    rebased = api.land(DAY, {"src/a.py": 100}, BEN, message="Add more")
    api.pull(1, own, rebased, "rebased head")
    # a merge of the default branch into the branch is no work of the branch's own
    update = api.commit(DAY, {"src/z.py": 900}, message=MODEL, parents=["1" * 40, "2" * 40])
    squashed = _squash(api, [update, api.commit(DAY, {"src/a.py": 10}, BEN)], 2)
    built = build_attribution(history, tmp_path, OBJECTS)
    assert _change(built, rebased) == (0, 0, 0, 100, "none", None, 1)
    assert _change(built, squashed) == (0, 0, 0, 100, "none", None, 1)


def test_every_commit_of_a_rebased_pull_request_is_its_landed_change(tmp_path: Path) -> None:
    history = History()
    api = history.repository()
    below = [api.commit(DAY, {"src/a.py": 50}, message=f"Below {n}") for n in range(2)]
    above = [api.commit(DAY, {"src/b.py": 50}, message=f"Above {n}") for n in range(2)]
    landed = [
        api.land(DAY, {"src/a.py": 50}, message=f"{name} {n}")
        for name in ("Below", "Above")
        for n in range(2)
    ]
    direct = api.land(DAY, {"src/c.py": 50}, message="Above 0 again")
    api.pull(1, below, landed[1], "rebased head")
    api.pull(2, [*below, *above], landed[3], "closing line")
    built = build_attribution(history, tmp_path, ["marts.landed_changes"])
    told = rows(
        built,
        "select commit_id, kind, pull_request_number, pull_requests from marts.landed_changes "
        "order by position",
    )
    assert told == [
        (landed[0], "rebased", 1, 0),
        (landed[1], "rebased", 1, 1),
        (landed[2], "rebased", 2, 0),
        (landed[3], "rebased", 2, 1),
        (direct, "direct", None, None),
    ]
    by = rows(built, "select kind, count(*) from attribution.change_commits group by kind")
    assert by == [("itself", 5)]


def test_commits_whose_diffs_were_not_taken_have_equal_shares(tmp_path: Path) -> None:
    history = History()
    api = history.repository()
    own = [
        api.commit(DAY, message=MODEL, has_diff=False),
        *(api.commit(DAY, message=f"Part {n}", has_diff=False) for n in range(3)),
    ]
    landed = _squash(api, own, 7)
    assert _change(build_attribution(history, tmp_path, OBJECTS), landed)[:4] == (25, 0, 0, 75)


def test_the_diffs_of_a_squashs_commits_are_mined(tmp_path: Path) -> None:
    repository = RepositoryBuilder(tmp_path / "app")
    base = repository.commit({"a.py": b"1\n"}, "Begin")
    first = repository.commit({"a.py": b"1\n2\n3\n"}, "One", parents=[base], branch="work")
    update = repository.merge([first, base], "Merge main", branch="work")
    second = repository.commit({"b.py": b"1\n"}, "Two", parents=[update], branch="work")
    repository.ref("refs/pull/5/head", second)
    lonely = repository.commit({"c.py": b"1\n"}, "Alone", parents=[base], branch="lonely")
    repository.ref("refs/pull/6/head", lonely)
    still_open = repository.commit({"d.py": b"1\n"}, "Open", parents=[lonely], branch="open")
    repository.ref("refs/pull/7/head", still_open)
    for branch in ("work", "lonely", "open"):
        repository.git("update-ref", "-d", f"refs/heads/{branch}")
    mine(tmp_path / "app", tmp_path / "lake")
    before = set(table(tmp_path / "lake", "commit_diffs")["commit_id"])
    # what has not landed is sized by its own commits; the merge among them is none's work
    assert before == {base, first, second, lonely, still_open}
    both = repository.commit({"a.py": b"1\n2\n3\n", "b.py": b"1\n"}, "Both (#5)")
    alone = repository.commit({"c.py": b"1\n"}, "Alone (#6)")
    repository.ref("refs/pull/7/head", base)
    assert mine(tmp_path / "app", tmp_path / "lake").new_diffs == 2
    result = mine(tmp_path / "app", tmp_path / "anew")
    diffs = table(tmp_path / "anew", "commit_diffs")
    sizes = dict(diffs.select("commit_id", "added").iter_rows())
    # a squash of several is split over them; the only commit of one needs no diff of its own
    assert sizes.keys() == {base, both, alone, first, second}
    assert (sizes[first], sizes[second]) == (2, 1)
    assert result.new_diffs == 5
    assert mine(tmp_path / "app", tmp_path / "lake").nothing_new
    known = Lake(tmp_path / "lake").known_commits("commit_diffs", "app")
    assert known == before | {both, alone}
