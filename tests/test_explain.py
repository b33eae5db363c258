"""`quarterdeck explain`: what it says of landed changes and of any other commit."""

import json
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest
from click.testing import CliRunner, Result
from sql_fixtures import ADA, BEN, BOT, CLAUDE, History, build_file, steady

from quarterdeck.flows.cli import main

DAY = date(2026, 2, 3)
#: Moves a cursor, begins a control sequence, and turns the direction of writing round.
HOSTILE = "\x1b[2J\x9b31m\u202e\x07"
KEYS = {"commit", "authorship", "tier", "findings", "ruled_out", "repository", "commits", "landed"}


@dataclass
class Harbour:
    """A database and the commits in it."""

    database: Path
    merge: str
    brought: list[str]
    squash: str
    own: list[str]
    loose: str
    overridden: str
    excluded: str
    hostile: str
    large: str
    shared: str


@pytest.fixture(scope="module")
def harbour(tmp_path_factory: pytest.TempPathFactory) -> Harbour:
    history = History()
    fork = history.repository("harbour-fork")
    repository = history.repository("harbour-api")
    steady(repository, date(2025, 1, 1), date(2026, 1, 31), step=3)
    shared = repository.land(DAY, message="Stand in both", commit_id="feed0" + "1" * 35)
    fork.land(DAY, message="Stand in both", commit_id=shared)
    brought = [
        repository.commit(DAY, {"src/a.py": 30}, message=f"Write a\n\n{CLAUDE}"),
        repository.commit(DAY, {"src/b.py": 10}, BEN, "Write b"),
    ]
    merge = repository.land(
        DAY,
        {"src/a.py": 30, "src/b.py": 10},
        message=f"Merge pull request #7\n\n> {CLAUDE}\n{CLAUDE}",
        brings=brought,
    )
    repository.pull(7, brought, merge, "merge")
    own = [
        repository.commit(
            DAY, {"src/c.py": 5}, message=f"Half\n\n{CLAUDE}", commit_id="c0ffee" + "0" * 34
        )
    ]
    squash = repository.land(DAY, {"src/c.py": 5}, message="Write c (#8)")
    repository.pull(8, own, squash)
    loose = repository.commit(DAY, message="Never landed", commit_id="c0ffee" + "1" * 34)
    repository.pull(9, [loose])
    overridden = repository.land(
        DAY, {"src/gen.py": 6, "src/d.py": 18}, author=BOT, message=f"Bump\n\n{CLAUDE}"
    )
    excluded = repository.land(DAY, {"src/e.py": 40})
    hostile = repository.land(
        DAY,
        author=f"Eve {HOSTILE} <eve@harbour.test>",
        message=f"Do {HOSTILE}\n\n{CLAUDE}{HOSTILE}",
    )
    large = repository.land(DAY, {"src/f.py": 9_000})
    database = build_file(
        history,
        tmp_path_factory.mktemp("explain"),
        exclusions=[{"commit": excluded, "reason": "imported"}],
        authorship=[
            {
                "commits": [overridden],
                "paths": ["gen.py"],
                "author_class": "human",
                "reason": "by hand",
            },
            {
                "commits": [large],
                "author_class": "automation",
                "agent": "Gen",
                "reason": "generated",
            },
        ],
    )
    return Harbour(
        database, merge, brought, squash, own, loose, overridden, excluded, hostile, large, shared
    )


def explain(harbour: Harbour, *arguments: str) -> Result:
    return CliRunner().invoke(main, ["explain", *arguments, "--database", str(harbour.database)])


def told(harbour: Harbour, *arguments: str) -> dict[str, Any]:
    result = explain(harbour, *arguments, "--json")
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    assert found.keys() >= KEYS
    assert sum(found["authorship"].values()) == pytest.approx(1)
    assert list(found["authorship"]) == ["model", "human", "automation", "undeclared"]
    return dict(found)


def test_a_merge_is_explained_by_the_commits_it_brought_in(harbour: Harbour) -> None:
    found = told(harbour, harbour.merge)
    assert found["authorship"] == {"model": 0.75, "human": 0, "automation": 0, "undeclared": 0.25}
    assert (found["tier"], found["agent"]) == ("declared", "Claude Code")
    split = [(part["commit"], part["code_lines"], part["share"]) for part in found["commits"]]
    assert split == [(harbour.brought[0], 30, 0.75), (harbour.brought[1], 10, 0.25)]
    (finding,) = found["findings"]
    assert (finding["commit"], finding["signal"]) == (harbour.brought[0], "co-claude")
    assert (finding["place"], finding["line"], finding["weight"]) == ("trailer", 3, 1)
    assert finding["text"] == "co-authored-by: Claude <noreply@anthropic.com>"
    reasons = {row["commit"]: row["reason"] for row in found["ruled_out"]}
    assert reasons.keys() == {harbour.merge}
    assert {row["reason"] for row in found["ruled_out"]} == {
        "stands in a quotation",
        "the lines of the change are attributed by the commits that it stands for",
    }
    assert found["landed"]["commit"] == harbour.merge
    assert (found["landed"]["kind"], found["landed"]["quarter"]) == ("merge", "2026Q1")
    assert found["credited_to"]["name"] == "Ada Ruiz"


def test_a_commit_that_a_merge_brought_in_is_explained_for_itself(harbour: Harbour) -> None:
    found = told(harbour, harbour.brought[0][:10])
    assert found["commit"] == harbour.brought[0]
    assert found["authorship"]["model"] == 1
    assert found["landed"]["commit"] == harbour.merge
    assert found["landed"]["how"] == "was brought in by a merge"
    assert found["pull_requests"] == [7]
    text = explain(harbour, harbour.brought[0]).stdout
    assert f"was brought in by a merge: {harbour.merge[:12]}" in text
    assert f"as a part of {harbour.merge[:12]}" in text


def test_a_commit_of_a_squashed_pull_request_names_the_landed_change(harbour: Harbour) -> None:
    found = told(harbour, harbour.own[0])
    assert found["authorship"]["model"] == 1
    assert found["landed"]["commit"] == harbour.squash
    assert found["landed"]["how"] == "is a commit of a pull request that landed"
    counted = {count["scope"]: count["counted_lines"] for count in found["counts"]}
    assert counted == {"organisation": 5, "repository": 5}


def test_a_squash_is_explained_by_the_commits_of_its_pull_request(harbour: Harbour) -> None:
    found = told(harbour, harbour.squash)
    assert found["authorship"]["model"] == 1
    assert [part["commit"] for part in found["commits"]] == harbour.own
    assert [finding["commit"] for finding in found["findings"]] == harbour.own


def test_what_only_the_message_of_a_squash_says_counts_where_its_commits_are_silent(
    tmp_path: Path,
) -> None:
    history = History()
    repository = history.repository()
    repository.land(DAY)
    own = [repository.commit(DAY)]
    squash = repository.land(DAY, message=f"Write (#1)\n\n{CLAUDE}")
    repository.pull(1, own, squash)
    database = build_file(history, tmp_path)
    result = CliRunner().invoke(main, ["explain", squash, "--json", "--database", str(database)])
    found = json.loads(result.stdout)
    assert found["authorship"]["model"] == 1
    assert [part["by_landed_message"] for part in found["commits"]] == [True]
    assert [finding["commit"] for finding in found["findings"]] == [squash]


def test_a_commit_that_never_landed_is_explained_all_the_same(harbour: Harbour) -> None:
    found = told(harbour, harbour.loose)
    assert found["authorship"]["undeclared"] == 1
    assert (found["landed"], found["counts"], found["findings"]) == (None, [], [])
    text = explain(harbour, harbour.loose).stdout
    assert "in no measure: it has not landed" in text
    assert "among the commits of #9" in text


def test_overrides_are_told_with_their_reason(harbour: Harbour) -> None:
    found = told(harbour, harbour.overridden)
    assert found["authorship"] == {"model": 0.75, "human": 0.25, "automation": 0, "undeclared": 0}
    (override,) = found["overrides"]
    assert (override["share"], override["code_lines"], override["reason"]) == (0.25, 6, "by hand")
    assert found["credited_to"] is None
    text = explain(harbour, harbour.overridden).stdout
    assert "override 1: 25.0% is human: by hand" in text
    assert "holds for 6 code lines in gen.py" in text
    assert "credited to no contributor" in text


def test_evidence_that_an_override_replaces_is_ruled_out(harbour: Harbour, tmp_path: Path) -> None:
    history = History()
    landed = history.repository().land(DAY, message=f"Write\n\n{CLAUDE}")
    override = {"commits": [landed], "author_class": "undeclared", "reason": "a faulty hook"}
    database = build_file(history, tmp_path, authorship=[override])
    result = CliRunner().invoke(main, ["explain", landed, "--json", "--database", str(database)])
    found = json.loads(result.stdout)
    assert (found["findings"], found["tier"]) == ([], "none")
    assert [row["reason"] for row in found["ruled_out"]] == [
        "the settings say who wrote it: a faulty hook"
    ]


def test_what_the_settings_leave_out_is_said_to_count_nowhere(harbour: Harbour) -> None:
    found = told(harbour, harbour.excluded)
    assert found["excluded"] == "imported"
    assert {count["counted_lines"] for count in found["counts"]} == {None}
    text = explain(harbour, harbour.excluded).stdout
    assert "left out of every measure: imported" in text
    assert "not in organisation Harbour: left out by the settings: imported" in text


def test_a_capped_change_tells_its_cap(harbour: Harbour) -> None:
    found = told(harbour, harbour.large)
    count = found["counts"][0]
    assert count["code_lines"] == 9_000
    assert count["counted_lines"] == count["cap_lines"] < 9_000
    text = explain(harbour, harbour.large).stdout
    assert f"{count['cap_lines']:,} of 9,000 code lines (capped at {count['cap_lines']:,})" in text
    assert "automation  100.0%  Gen" in text


def test_repository_text_cannot_drive_the_terminal(harbour: Harbour) -> None:
    for arguments in ((harbour.hostile,), (harbour.hostile, "--json")):
        output = explain(harbour, *arguments).stdout
        assert [c for c in output if not c.isprintable() and c != "\n"] == []
    assert told(harbour, harbour.hostile)["subject"] == f"Do {HOSTILE}"


@pytest.mark.parametrize("name", ["merge", "loose", "overridden", "hostile", "large"])
def test_it_fits_80_columns(harbour: Harbour, name: str) -> None:
    lines = explain(harbour, getattr(harbour, name)).stdout.splitlines()
    assert max(map(len, lines)) <= 80
    assert [line for line in lines if line and not line.startswith(" ")][1:3] == [
        "Who wrote it",
        "How its lines are split" if name == "merge" else "Evidence",
    ]


def test_an_ambiguous_id_is_refused_with_its_candidates(harbour: Harbour) -> None:
    result = explain(harbour, "c0ffee")
    assert result.exit_code == 3
    assert "c0ffee is ambiguous; give more of its id" in result.stderr
    assert "c0ffee000000 harbour-api: Half" in result.stderr
    assert "c0ffee111111 harbour-api: Never landed" in result.stderr
    assert told(harbour, "C0FFEE1")["commit"] == harbour.loose


def test_a_commit_of_two_repositories_asks_which(harbour: Harbour) -> None:
    result = explain(harbour, harbour.shared)
    assert result.exit_code == 3
    assert "choose with --repository" in result.stderr
    assert "harbour-api: Stand in both" in result.stderr
    assert "harbour-fork: Stand in both" in result.stderr
    found = told(harbour, harbour.shared, "--repository", "harbour-fork")
    assert found["repository"] == "harbour-fork"


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (("c0ffee22",), "no commit c0ffee22 in harbour-api, harbour-fork"),
        (("c0ffee22",), "c0ffee000000 harbour-api: Half"),
        (("0000",), "no commit 0000"),
        (("HEAD",), "'HEAD' is no commit id"),
        (("abc",), "'abc' is no commit id"),
        (("c0ffee1", "--repository", "harbour"), "no repository 'harbour'; the database holds"),
        (("c0ffee1", "--repository", "harbour-fork"), "no commit c0ffee1 in harbour-fork"),
    ],
)
def test_an_unknown_commit_is_refused(
    harbour: Harbour, arguments: tuple[str, ...], problem: str
) -> None:
    result = explain(harbour, *arguments)
    assert result.exit_code == 3
    assert problem in result.stderr


def test_a_missing_or_older_database_is_told(harbour: Harbour, tmp_path: Path) -> None:
    missing = ["explain", harbour.merge, "--database", str(tmp_path / "none.duckdb")]
    assert CliRunner().invoke(main, missing).exit_code == 3
    old = tmp_path / "old.duckdb"
    with duckdb.connect(str(old)) as connection:
        connection.execute("create schema raw")
        connection.execute("create table raw.repositories as select 'api' as repository_id")
    result = CliRunner().invoke(main, ["explain", harbour.merge, "--database", str(old)])
    assert result.exit_code == 3
    assert "`quarterdeck build` builds it anew" in result.stderr


def test_the_parts_add_up_to_the_change(harbour: Harbour) -> None:
    with duckdb.connect(str(harbour.database), read_only=True) as connection:
        unequal = connection.sql("""
            select change.repository_id, change.commit_id
            from attribution.change_authorship as change
            join marts.explained_parts as parts using (repository_id, commit_id)
            group by all
            having abs(sum(parts.share * parts.model_share) - any_value(change.model_share)) > 1e-9
                or abs(sum(parts.share * parts.human_share) - any_value(change.human_share)) > 1e-9
                or abs(sum(parts.share) - 1) > 1e-9
        """).fetchall()
        changes, explained = connection.sql("""
            select (select count(*) from attribution.change_authorship),
                (select count(distinct (repository_id, commit_id)) from marts.explained_parts)
        """).fetchall()[0]
    assert unequal == []
    assert 0 < changes < explained


def test_only_the_first_of_many_commits_are_printed(tmp_path: Path) -> None:
    history = History()
    repository = history.repository()
    repository.land(DAY, author=ADA)
    brought = [repository.commit(DAY, message=f"Part {number}\n\n{CLAUDE}") for number in range(25)]
    merge = repository.land(DAY, {"src/a.py": 250}, brings=brought)
    database = build_file(history, tmp_path)
    arguments = ["explain", merge, "--database", str(database)]
    text = CliRunner().invoke(main, arguments).stdout
    assert "and 5 more; --json lists all" in text
    assert text.count("co-claude: model, Claude Code, declared, weight 1") == 1
    found = json.loads(CliRunner().invoke(main, [*arguments, "--json"]).stdout)
    assert len(found["commits"]) == len(found["findings"]) == 25
