"""What the settings say on authorship: overrides, weights and rules of single repositories."""

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest
from sql_fixtures import ADA, BEN, BOT, CLAUDE, History, build_attribution, rows

from quarterdeck.extractors.lake import Lake
from quarterdeck.flows.digests import basis, input_digest
from quarterdeck.flows.errors import SettingsError
from quarterdeck.flows.repositories import Source
from quarterdeck.flows.settings import Settings, load_settings

DAY = date(2026, 2, 3)
ACTIONS = "github-actions[bot] <41898282+github-actions[bot]@users.noreply.github.com>"
SUGGESTION = "Co-authored-by: Copilot <175728472+Copilot@users.noreply.github.com>"
SHARES = "model_share, human_share, automation_share, undeclared_share"


def commit_authorship(
    folder: Path,
    overrides: list[dict[str, Any]],
    files: Mapping[str, int] | None = None,
    author: str = ADA,
    message: str = "Change",
    **more: Any,
) -> dict[str, Any]:
    """Authorship of one landed change under these overrides."""
    history = History()
    history.repository("acme/api").land(DAY, files, author, message=message, **more)
    with build_attribution(history, folder, authorship=overrides) as connection:
        return authorship(connection)[0]


def authorship(connection: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    frame: Any = connection.sql(f"""
        select repository_id, {SHARES}, tier, agent, model, signals, is_overridden
        from attribution.commit_authorship
        order by repository_id, commit_id
    """).pl()
    return list(frame.to_dicts())


def shares(row: Mapping[str, Any]) -> tuple[float, ...]:
    return tuple(
        round(row[f"{name}_share"], 9) for name in ("model", "human", "automation", "undeclared")
    )


def test_a_path_override_takes_the_code_lines_of_its_paths_and_leaves_the_rest(
    tmp_path: Path,
) -> None:
    override = {
        "repository": "acme/*",
        "author": "41898282+GitHub-Actions[bot]@users.noreply.github.com",
        "paths": ["src/**"],
        "author_class": "model",
        "agent": "Deckhand",
        "reason": "the nightly workflow runs it",
    }
    files = {"src/a.py": 30, "tools/release.py": 10, "src/notes.md": 500}
    row = commit_authorship(tmp_path, [override], files, ACTIONS, "Update")
    assert shares(row) == (0.75, 0, 0, 0.25)
    assert (row["tier"], row["agent"], row["is_overridden"]) == ("declared", "Deckhand", True)


def test_what_an_override_leaves_is_by_evidence(tmp_path: Path) -> None:
    override = {"paths": ["tests/"], "author_class": "human", "reason": "tests are by hand"}
    files = {"src/a.py": 60, "pkg/tests/test_a.py": 40}
    row = commit_authorship(tmp_path, [override], files, message=f"Write\n\n{CLAUDE}")
    assert shares(row) == (0.6, 0.4, 0, 0)
    assert (row["agent"], row["signals"]) == ("Claude Code", ["co-claude"])


def test_an_override_of_all_paths_goes_before_all_evidence(tmp_path: Path) -> None:
    override = {"author": "ada@harbour.test", "author_class": "undeclared", "reason": "a fault"}
    row = commit_authorship(tmp_path, [override], message=f"Write\n\n{CLAUDE}")
    assert shares(row) == (0, 0, 0, 1)
    assert (row["tier"], row["agent"], row["model"], row["signals"]) == ("none", None, None, [])


def test_of_several_overrides_the_last_that_matches_a_file_decides(tmp_path: Path) -> None:
    overrides = [
        {"repository": "acme/api", "author_class": "model", "agent": "One", "reason": "all"},
        {"paths": ["*.py"], "author_class": "model", "agent": "Two", "reason": "Python"},
        {"paths": ["/src/gen/"], "author_class": "automation", "agent": "Gen", "reason": "made"},
    ]
    files = {"src/a.rs": 20, "src/b.py": 50, "src/gen/c.py": 30}
    row = commit_authorship(tmp_path, overrides, files)
    assert shares(row) == (0.7, 0, 0.3, 0)
    assert row["agent"] == "Two"


def test_without_code_lines_only_an_override_of_all_paths_holds(tmp_path: Path) -> None:
    everywhere = {"repository": "acme/api", "author_class": "human", "reason": "by hand"}
    folders = [tmp_path / name for name in ("paths", "all")]
    for folder in folders:
        folder.mkdir()
    docs = {"README.md": 9}
    row = commit_authorship(folders[0], [everywhere | {"paths": ["*.md"]}], docs)
    assert (shares(row), row["is_overridden"]) == ((0, 0, 0, 1), False)
    row = commit_authorship(folders[1], [everywhere], docs)
    assert (shares(row), row["is_overridden"]) == ((0, 1, 0, 0), True)


@pytest.mark.parametrize(
    ("selector", "matches"),
    [
        ({"repository": "acme/api"}, True),
        ({"repository": "acme/?pi"}, True),
        ({"repository": "api"}, False),
        ({"author": "ada@harbour.test"}, True),
        ({"author": "ben@harbour.test"}, False),
        ({"by_agent": "claude code"}, True),
        ({"by_agent": "Cursor"}, False),
        ({"from": date(2026, 2, 3), "to": date(2026, 2, 3)}, True),
        ({"from": date(2026, 2, 4)}, False),
        ({"to": date(2026, 2, 2)}, False),
        ({"commits": ["abcdef0"]}, True),
        ({"commits": ["abcdef1", "abcdef01"]}, False),
        ({"author": "ada@harbour.test", "paths": ["docs/"]}, False),
        ({"author": "ada@harbour.test", "by_agent": "Cursor"}, False),
    ],
)
def test_every_selector_must_match(tmp_path: Path, selector: dict[str, Any], matches: bool) -> None:
    override = {**selector, "author_class": "human", "reason": "by hand"}
    row = commit_authorship(
        tmp_path, [override], message=f"Write\n\n{CLAUDE}", commit_id="abcdef0" + "2" * 33
    )
    assert shares(row) == ((0, 1, 0, 0) if matches else (1, 0, 0, 0))


def test_an_address_is_matched_after_mailmap_too(tmp_path: Path) -> None:
    history = History()
    repository = history.repository()
    repository.tip_file(".mailmap", "Ada Ruiz <ada@harbour.test> <ada@old.test>\n")
    repository.land(DAY, author="Ada <ada@old.test>")
    override = {"author": "Ada@harbour.test", "author_class": "model", "reason": "her agent"}
    with build_attribution(history, tmp_path, authorship=[override]) as connection:
        assert shares(authorship(connection)[0]) == (1, 0, 0, 0)


def test_the_id_of_a_merge_stands_for_the_commits_that_it_brought_in(tmp_path: Path) -> None:
    history = History()
    repository = history.repository()
    repository.land(DAY)
    own = [repository.commit(DAY, {"src/a.py": 30}), repository.commit(DAY, {"src/b.py": 10})]
    merge = repository.land(DAY, {"src/a.py": 30, "src/b.py": 10}, brings=own)
    override = {"commits": [merge[:9]], "paths": ["a.py"], "author_class": "model", "reason": "so"}
    with build_attribution(history, tmp_path, authorship=[override]) as connection:
        found = rows(
            connection,
            f"select {SHARES} from attribution.change_authorship where commit_id = '{merge}'",
        )
    assert found == [(0.75, 0, 0, 0.25)]


def test_contributors_stay_who_they_are(tmp_path: Path) -> None:
    history = History()
    repository = history.repository()
    repository.land(DAY, author=BOT)
    repository.land(DAY, author=BEN)
    overrides = [
        {"repository": "*", "author_class": "human", "reason": "by hand"},
    ]
    with history.build(tmp_path, authorship=overrides) as connection:
        found = rows(
            connection, "select contributor_id is null, human_share from marts.landed_changes"
        )
    assert sorted(found) == [(False, 1), (True, 1)]


def test_overrides_that_decide_on_nothing_are_told(tmp_path: Path) -> None:
    history = History()
    history.repository().land(DAY)
    overrides = [
        {"author": "ada@harbour.test", "author_class": "human", "reason": "shadowed"},
        {"author": "nobody@harbour.test", "author_class": "human", "reason": "left long ago"},
        {"author": "ada@harbour.test", "author_class": "model", "reason": "her agent"},
    ]
    with history.build(tmp_path, authorship=overrides) as connection:
        ((affected, total, detail),) = rows(
            connection,
            """select affected, total, detail from marts.data_quality
            where issue = 'authorship overrides that decide on nothing'""",
        )
    assert (affected, total) == (2, 3)
    assert detail.startswith("override 1: shadowed; override 2: left long ago: ")


def test_without_overrides_nothing_is_said_of_them(tmp_path: Path) -> None:
    history = History()
    history.repository().land(DAY)
    with history.build(tmp_path) as connection:
        issue = "where issue = 'authorship overrides that decide on nothing'"
        assert rows(connection, f"from marts.data_quality {issue}") == []


def test_a_changed_weight_changes_the_shares_from_the_same_lake(tmp_path: Path) -> None:
    history = History()
    repository = history.repository()
    repository.land(DAY, message=f"Guard\n\n{SUGGESTION}")
    repository.land(DAY, message="Guard\n\nAssisted-by: Claude Code")
    repository.land(DAY, message="aider: Guard")
    query = "select model_share from attribution.change_authorship order by model_share"
    found = []
    for number, weights in enumerate(
        ({}, {"review_suggestion": 0.3, "assisted": 0.75, "subject": 0.9})
    ):
        folder = tmp_path / str(number)
        folder.mkdir()
        with build_attribution(history, folder, weights=weights) as connection:
            found.append([share for (share,) in rows(connection, query)])
    assert found == [[0.1, 0.5, 1.0], [0.3, 0.75, 0.9]]


def test_a_weight_of_a_rule_goes_before_the_named_weight(tmp_path: Path) -> None:
    history = History()
    history.repository().land(DAY, message="Guard\n\nAssisted-by: Claude Code")
    rule = {"id": "assisted-by", "weight": 0.25}
    named = {"id": "co-claude", "weight": "session"}
    with build_attribution(
        history, tmp_path, signals=[rule, named], weights={"assisted": 0.9}
    ) as connection:
        assert rows(connection, "select model_share from attribution.change_authorship") == [
            (0.25,)
        ]
        weight = "select weight from raw.signals where signal_id = 'co-claude'"
        assert rows(connection, weight) == [(0.5,)]


def test_changed_weights_and_overrides_ask_for_a_new_build(tmp_path: Path) -> None:
    lake = Lake(tmp_path / "lake")
    sources = [Source("api", tmp_path, None, None, None)]
    override = {"author": "ada@harbour.test", "author_class": "human", "reason": "by hand"}
    changed = ({}, {"weights": {"branch": 0.75}}, {"authorship": [override]})
    in_force = [Settings(repositories=[], **settings) for settings in changed]
    known = basis(in_force[0], sources, lake, "open")
    digests = [input_digest(settings, sources, lake, known) for settings in in_force]
    assert len(set(digests)) == 3


def test_a_rule_of_one_repository_holds_in_no_other(tmp_path: Path) -> None:
    history = History()
    for name in ("acme/api", "acme/site", "other/api"):
        history.repository(name).land(DAY, author="Deckhand <deckhand@harbour.test>")
    rule = {
        "id": "deckhand",
        "where": "author",
        "agent": "Deckhand",
        "pattern": "^Deckhand <",
        "repositories": ["acme/*"],
    }
    with build_attribution(history, tmp_path, signals=[rule]) as connection:
        found = {row["repository_id"]: row["model_share"] for row in authorship(connection)}
    assert found == {"acme/api": 1, "acme/site": 1, "other/api": 0}


def test_a_rule_of_one_repository_rules_nothing_out_in_another(tmp_path: Path) -> None:
    history = History()
    for name in ("acme/api", "other/api"):
        history.repository(name).land(DAY, message=f"Guard\n\n{CLAUDE}")
    rule = {
        "id": "quoted-here",
        "where": "trailer",
        "keys": "co-author",
        "class": "not-evidence",
        "pattern": "(?i)noreply@anthropic",
        "reason": "their template holds it",
        "repositories": ["acme/api"],
    }
    with build_attribution(history, tmp_path, signals=[rule]) as connection:
        found = {row["repository_id"]: row["model_share"] for row in authorship(connection)}
    assert found == {"acme/api": 0, "other/api": 1}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "it would hold for everything"),
        ('paths = ["!src/"]', "is negated"),
        ('paths = ["# src"]', "matches nothing"),
        ('commits = ["abc"]', "commits.0"),
        ("from = 2026-02-01\nto = 2026-01-01", "ends before it begins"),
        ('author = "ada@harbour.test"\nagent = "Deckhand"', "no agent writes what is human"),
        ('author = "ada@harbour.test"\nbranch = "x"', "no such key"),
    ],
)
def test_a_faulty_override_is_told_with_its_key(tmp_path: Path, text: str, problem: str) -> None:
    file = tmp_path / "quarterdeck.toml"
    file.write_text(f'[[authorship]]\nauthor_class = "human"\nreason = "so"\n{text}\n')
    with pytest.raises(SettingsError, match=r"key 'authorship\.0") as caught:
        load_settings(file)
    assert problem in str(caught.value)


@pytest.mark.parametrize("missing", ["author_class", "reason"])
def test_an_override_needs_a_class_and_a_reason(tmp_path: Path, missing: str) -> None:
    values = {"author_class": "human", "reason": "so", "author": "ada@harbour.test"}
    del values[missing]
    file = tmp_path / "quarterdeck.toml"
    lines = "".join(f'{key} = "{value}"\n' for key, value in values.items())
    file.write_text(f"[[authorship]]\n{lines}")
    with pytest.raises(SettingsError, match=rf"authorship\.0\.{missing}"):
        load_settings(file)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("weights = { brnch = 0.5 }", "Weight 'brnch': no such weight: 0.5. Known: review_sug"),
        ("weights = { branch = 0 }", "Weight 'branch': weight out of range: 0.0. Use a share"),
        ("weights = { branch = 1.5 }", "weight out of range: 1.5"),
    ],
)
def test_a_faulty_weight_is_told_with_its_name(tmp_path: Path, text: str, problem: str) -> None:
    file = tmp_path / "quarterdeck.toml"
    file.write_text(text)
    with pytest.raises(SettingsError, match="key 'weights'") as caught:
        load_settings(file)
    assert problem in str(caught.value)


def test_a_faulty_limit_of_a_rule_is_told(tmp_path: Path) -> None:
    rule = '[[signals]]\nid = "co-claude"\nrepositories = "acme/api"\n'
    file = tmp_path / "quarterdeck.toml"
    file.write_text(rule)
    with pytest.raises(SettingsError, match="repositories is no list of texts"):
        load_settings(file)
    file.write_text('[[signals]]\nid = "name-aider"\nrepositories = ["acme/api"]\n')
    with pytest.raises(SettingsError, match="repositories on a name rule"):
        load_settings(file)
