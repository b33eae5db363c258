"""Which addresses are one person: chains, conflicts, risky rules, and what was refused."""

import random
from collections.abc import Iterable
from datetime import date
from pathlib import Path

import duckdb
import pytest
from sql_fixtures import BOT, History, build_attribution, rows

from quarterdeck.sql.identity_rules import (
    Link,
    join_identities,
    optional_rules,
    rules_frame,
    shared_words,
)

DAY = date(2026, 2, 3)
GITHUB = "users.noreply.github.com"


def built(
    folder: Path, authors: Iterable[str], mailmaps: Iterable[str] = ("",), **settings: object
) -> duckdb.DuckDBPyConnection:
    """A database of one change by each author, in a repository for each mailmap."""
    history = History()
    for number, mailmap in enumerate(mailmaps):
        repository = history.repository(f"app-{number}")
        if mailmap:
            repository.tip_file(".mailmap", mailmap)
        for author in authors:
            repository.land(DAY, author=author)
    objects = ("attribution.identity_links", "marts.contributors", "marts.data_quality")
    return build_attribution(history, folder, objects, **settings)


def people(connection: duckdb.DuckDBPyConnection) -> list[list[str]]:
    """The recorded addresses of each contributor."""
    found = rows(
        connection,
        """select list_sort(list_distinct(list(email))) from attribution.identities
        where not is_agent group by contributor_id order by all""",
    )
    return [emails for (emails,) in found]


def test_a_chain_of_addresses_accounts_and_mailmap_is_one_person(tmp_path: Path) -> None:
    authors = [
        "Ines Falk <ines.falk@harbour.test>",
        "ines <ines@home.test>",
        f"Ines Falk <4711+ifalk@{GITHUB}>",
        f"Ines <4711+ines-falk@{GITHUB}>",
        f"ifalk <ifalk@{GITHUB}>",
        "Ines Falk <falk@harbour.test>",
    ]
    mailmap = f"Ines Falk <ines@home.test> <4711+ines-falk@{GITHUB}>"
    with built(tmp_path, authors, ["", mailmap], identity_rules=["name-domain"]) as connection:
        assert len(people(connection)) == 2
        found = rows(
            connection, "select name, addresses, landed_changes, rules from marts.contributors"
        )
        # nothing ties the two addresses at work to the rest
        assert sorted(addresses for _, addresses, _, _ in found) == [2, 4]
        assert sum(changes for _, _, changes, _ in found) == 12
        rules = {rule for *_, own in found for rule in own}
        assert {"forge account", "mailmap", "name-domain"} <= rules
    mailmap += "\nInes Falk <ines@home.test> <ines.falk@harbour.test>"
    whole = tmp_path / "whole"
    whole.mkdir()
    with built(whole, authors, ["", mailmap], identity_rules=["name-domain"]) as connection:
        assert len(people(connection)) == 1
        assert rows(connection, "select name, addresses from marts.contributors") == [
            ("Ines Falk", 6)
        ]


@pytest.mark.parametrize(
    "authors",
    [
        [f"A <12+kay@{GITHUB}>", f"B <12+kay-new@{GITHUB}>", f"kay <kay@{GITHUB}>"],
        ["A <7-kay@users.noreply.gitlab.com>", "B <7-kay.new@users.noreply.gitlab.com>"],
        ["A <7-kay@users.noreply.git.harbour.test>", "B <7-new@users.noreply.git.harbour.test>"],
        ["A <9+kay@users.noreply.ghe.harbour.test>", "B <9+new@users.noreply.ghe.harbour.test>"],
        ["A <kay@noreply.codeberg.org>", "B <Kay@noreply.codeberg.org>"],
        ["A <kay@noreply.git.harbour.test>", "B <kay@noreply.git.harbour.test>"],
        ["A <kay@users.noreply.bitbucket.org>", "B <kay@users.noreply.bitbucket.org>"],
        ["A <kay@harbour.test>", "Kay Brandt <KAY@harbour.test>"],
    ],
)
def test_one_account_or_address_is_one_person(tmp_path: Path, authors: list[str]) -> None:
    with built(tmp_path, authors) as connection:
        assert len(people(connection)) == 1


@pytest.mark.parametrize(
    "authors",
    [
        # two people of one name
        ["Kim Berg <kim@harbour.test>", "Kim Berg <kim@pier.test>"],
        [f"Kim Berg <1+kim@{GITHUB}>", f"Kim Berg <2+kimberg@{GITHUB}>"],
        # ids are of one forge
        [f"A <7+kim@{GITHUB}>", "B <7-kim@users.noreply.gitlab.com>"],
        ["A <7-kim@users.noreply.gitlab.com>", "B <7-kim@users.noreply.git.harbour.test>"],
        # a login that begins like an id
        [f"A <7-kim@{GITHUB}>", f"B <7-lou@{GITHUB}>"],
        # numbered by their company
        ["Kim Berg <kim.berg@harbour.test>", "Kim Berg <kim.berg2@harbour.test>"],
        # one word, a placeholder, initials: no full names
        ["Kim <kim@harbour.test>", "Kim <kb@harbour.test>"],
        ["Your Name <kim@harbour.test>", "Your Name <lou@harbour.test>"],
        ["K B <kim@harbour.test>", "K B <lou@harbour.test>"],
        # an address that anybody can have
        ["Kim Berg <kim.b@gmail.com>", "Kim Berg <berg.k@gmail.com>"],
        [f"Kim Berg <1+kimberg@{GITHUB}>", "Kim Berg <kimberg@gmail.com>"],
        # addresses that are nobody's own
        ["Kim <root@build.internal>", "Lou <root@build.internal>"],
        ["Kim <you@example.com>", "Lou <you@example.com>"],
        ["Kim <kim@(none)>", "Lou <kim@(none)>"],
    ],
)
def test_two_people_stay_two(tmp_path: Path, authors: list[str]) -> None:
    with built(tmp_path, authors) as connection:
        assert rows(connection, "select count(*) from marts.contributors") == [(2,)]


def test_rules_by_name_join_and_say_so(tmp_path: Path) -> None:
    authors = [
        "Kim Berg <kim@harbour.test>",
        "KIM  BERG <k.berg@harbour.test>",
        f"Kim Berg <5+kberg@{GITHUB}>",
    ]
    with built(tmp_path, authors) as connection:
        assert people(connection) == [
            [f"5+kberg@{GITHUB}", "k.berg@harbour.test", "kim@harbour.test"]
        ]
        links = rows(
            connection,
            "select rule, outcome from attribution.identity_links where is_risky order by all",
        )
        assert links == [("name-domain", "joined"), ("name-login", "joined")]
        quality = rows(
            connection,
            """select affected, total from marts.data_quality
            where issue = 'contributors joined by a rule that goes by names'""",
        )
        assert quality == [(1, 1)]
    off = tmp_path / "off"
    off.mkdir()
    with built(off, authors, identity_rules=[]) as connection:
        assert len(people(connection)) == 3


def test_freemail_joins_only_where_the_settings_say_so(tmp_path: Path) -> None:
    authors = [f"Kim Berg <5+kimberg@{GITHUB}>", "Kim Berg <kim.berg@gmail.com>"]
    with built(tmp_path, authors, identity_rules=["name-login-freemail"]) as connection:
        assert len(people(connection)) == 1


def test_a_rule_by_names_never_joins_two_accounts(tmp_path: Path) -> None:
    authors = [
        f"Kim Berg <1+kim@{GITHUB}>",
        f"Kim Berg <2+kberg@{GITHUB}>",
        "Kim Berg <kim@harbour.test>",
        "Kim Berg <kberg@harbour.test>",
    ]
    with built(tmp_path, authors) as connection:
        assert people(connection) == [
            [f"1+kim@{GITHUB}", "kim@harbour.test"],
            [f"2+kberg@{GITHUB}", "kberg@harbour.test"],
        ]
        refused = rows(
            connection,
            "select rule, outcome from attribution.identity_links where outcome like 'refused%'",
        )
        assert refused == [("name-domain", "refused: two accounts of one forge")]
        # a mailmap may: people have two accounts
    both = tmp_path / "both"
    both.mkdir()
    mailmap = f"Kim Berg <1+kim@{GITHUB}> <2+kberg@{GITHUB}>"
    with built(both, authors, [mailmap]) as connection:
        assert len(people(connection)) == 1


def test_a_mailmap_may_share_an_address_out_by_names(tmp_path: Path) -> None:
    authors = [
        "Kim <team@harbour.test>",
        "Lou <team@harbour.test>",
        "Kim Berg <kim@harbour.test>",
        "Lou Roth <lou@harbour.test>",
    ]
    mailmap = (
        "Kim Berg <kim@harbour.test> Kim <team@harbour.test>\n"
        "Lou Roth <lou@harbour.test> Lou <team@harbour.test>"
    )
    with built(tmp_path, authors, [mailmap]) as connection:
        assert people(connection) == [
            ["kim@harbour.test", "team@harbour.test"],
            ["lou@harbour.test", "team@harbour.test"],
        ]


def test_mailmaps_that_contradict_each_other_join_nobody(tmp_path: Path) -> None:
    authors = ["Kim <old@harbour.test>", "Kim <kim@harbour.test>", "Lou <lou@harbour.test>"]
    mailmaps = [
        "<kim@harbour.test> <old@harbour.test>",
        "<lou@harbour.test> <old@harbour.test>",
        "",
    ]
    with built(tmp_path, authors, mailmaps) as connection:
        found = rows(
            connection,
            """select repository_id, count(distinct contributor_id)
            from attribution.identities group by all order by all""",
        )
        assert found == [("app-0", 2), ("app-1", 2), ("app-2", 3)]
        assert rows(connection, "select count(*) from marts.contributors") == [(3,)]


def test_the_settings_keep_people_apart(tmp_path: Path) -> None:
    authors = ["Kim Berg <kim@harbour.test>", "Kim Berg <kb@harbour.test>", "Kim <old@pier.test>"]
    mailmap = "<kim@harbour.test> <old@pier.test>"
    apart = [{"emails": ["Kim@harbour.test", "kb@harbour.test", "old@pier.test"]}]
    with built(tmp_path, authors, [mailmap], keep_apart=apart) as connection:
        assert len(people(connection)) == 3
        refused = rows(
            connection,
            """select distinct rule, outcome from attribution.identity_links
            where outcome like 'refused%' order by all""",
        )
        assert refused == [
            ("mailmap", "refused: the settings keep them apart"),
            ("name-domain", "refused: the settings keep them apart"),
        ]


def test_the_settings_may_speak_of_shared_addresses(tmp_path: Path) -> None:
    authors = ["Kim <root@localhost>", "kim <root@localhost>", "Kim Berg <kim@harbour.test>"]
    contributors = [{"name": "Kim", "emails": ["root@localhost", "kim@harbour.test"]}]
    with built(tmp_path, authors, contributors=contributors) as connection:
        assert len(people(connection)) == 1


def test_bots_join_nobody(tmp_path: Path) -> None:
    authors = [BOT, "Kim Berg <kim@harbour.test>", "Lou Roth <lou@harbour.test>"]
    mailmap = (
        "Kim Berg <kim@harbour.test> <49699333+dependabot[bot]@users.noreply.github.com>\n"
        "Lou Roth <lou@harbour.test>"
    )
    with built(tmp_path, authors, [mailmap]) as connection:
        assert people(connection) == [["kim@harbour.test"], ["lou@harbour.test"]]


def test_order_makes_no_difference() -> None:
    links = [
        Link(0, "address a", "person Kim", "override", False),
        Link(0, "address b", "person Lou", "override", False),
        Link(1, "address c", "account forge 1", "forge account", False),
        Link(1, "address d", "account forge 2", "forge account", False),
        Link(2, "address a", "address b", "mailmap", False),
        Link(2, "address c", "address e", "mailmap", False),
        Link(5, "address d", "address e", "name-domain", True),
        Link(5, "address b", "address e", "name-domain", True),
        Link(5, "address f", "address d", "name-domain", True),
        Link(5, "address f", "address e", "name-domain", True),
    ]
    expected = join_identities(links, [("address f", "address b")])
    outcomes = dict(
        zip(expected.select("from_node", "to_node").rows(), expected["outcome"], strict=True)
    )
    assert outcomes["address a", "address b"] == "refused: the settings name two people"
    assert outcomes["address d", "address e"] == "refused: two accounts of one forge"
    assert outcomes["address f", "address d"] == "joined"
    assert outcomes["address f", "address e"] == "refused: the settings keep them apart"
    shuffle = random.Random(7)
    for _ in range(20):
        again = list(links)
        shuffle.shuffle(again)
        assert join_identities(again, [("address b", "address f")]).equals(expected)


def test_a_long_chain_is_one_component() -> None:
    links = [
        Link(2, f"address {n:05}", f"address {n + 1:05}", "mailmap", False) for n in range(20_000)
    ]
    assert set(join_identities(links, [])["component"]) == {"address 00000"}


def test_every_rule_states_its_risk() -> None:
    frame = rules_frame()
    assert frame["risk"].str.len_chars().min() > 10
    assert frame.filter("is_risky")["rule"].to_list() == list(optional_rules())
    assert frame.filter("is_on", "is_risky")["rule"].to_list() == ["name-login", "name-domain"]
    words = shared_words()
    assert words.is_unique().all()
    assert (words["word"] == words["word"].str.to_lowercase()).all()
