"""Who is one contributor: the settings, `.mailmap`, accounts, addresses; and who is none."""

from collections.abc import Iterator
from datetime import date

import duckdb
import pytest
from sql_fixtures import BOT, CLAUDE, History, rows

DAY = date(2026, 2, 3)
NOREPLY = "users.noreply.github.com"
#: Authors by the contributor that they are expected to be.
PEOPLE = {
    "address": ["Ada Ruiz <ada@harbour.test>", "A. Ruiz <ADA@harbour.test >"],
    "account": [
        f"Ben <1234+ben@{NOREPLY}>",
        f"Ben Okafor <ben@{NOREPLY}>",
        f"Ben Okafor <1234+ben-renamed@{NOREPLY}>",
    ],
    "account of two": [f"First <11+kim@{NOREPLY}>"],
    "other account of two": [f"Second <12+kim@{NOREPLY}>"],
    "login of two": [f"Which <kim@{NOREPLY}>"],
    "override": ["Cleo <cleo@home.test>", "Cleo Marsh <cleo@harbour.test>"],
    "mailmap": ["Dov <dov@old.test>", "Dov Lind <dov@harbour.test>"],
    "settings before mailmap": ["Eli <eli@old.test>"],
    "mapped to": ["Eve <eve@harbour.test>"],
    "name and address": ["Fay <root@localhost>"],
    "same address": ["Gus <root@localhost>"],
    "person who drove an agent": ["Hal (aider) <hal@harbour.test>"],
}
MAILMAP = """
Dov Lind <dov@harbour.test> <dov@old.test>
Eve <eve@harbour.test> <eli@old.test>
"""


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    history = History()
    one, two = history.repository("one"), history.repository("two")
    for repository in (one, two):
        repository.tip_file(".mailmap", MAILMAP)
        for authors in PEOPLE.values():
            for author in authors:
                repository.land(DAY, author=author)
        repository.land(DAY, author=BOT)
        repository.land(DAY, author="Claude <noreply@anthropic.com>")
        repository.land(DAY, author="Ada Ruiz <ada@harbour.test>", message=f"x\n\n{CLAUDE}")
    contributors = [
        {"name": "Cleo Marsh", "emails": ["cleo@home.test", "Cleo@harbour.test"]},
        {"name": "Eli", "emails": ["eli@old.test"]},
        {"name": "Eve Stone", "emails": ["eve@harbour.test"]},
    ]
    with history.build(tmp_path_factory.mktemp("people"), contributors=contributors) as connection:
        yield connection


def ids(connection: duckdb.DuckDBPyConnection, author: str) -> set[tuple[str, bool]]:
    name, _, email = author.removesuffix(">").rpartition(" <")
    found = connection.execute(
        "select contributor_id, is_agent from attribution.identities where name = ? and email = ?",
        [name, email],
    ).fetchall()
    assert len(found) == 2  # one a repository
    return set(found)


def test_one_id_for_each_person_in_every_repository(built: duckdb.DuckDBPyConnection) -> None:
    seen: dict[str, str] = {}
    for label, authors in PEOPLE.items():
        found = set.union(*(ids(built, author) for author in authors))
        assert len(found) == 1, label
        ((contributor, is_agent),) = found
        assert not is_agent, label
        assert contributor not in seen, f"{label} is {seen.get(contributor)}"
        seen[contributor] = label
    assert rows(built, "select count(*) from marts.contributors") == [(len(PEOPLE),)]


@pytest.mark.parametrize("author", [BOT, "Claude <noreply@anthropic.com>"])
def test_bots_and_agents_are_no_contributors(built: duckdb.DuckDBPyConnection, author: str) -> None:
    ((_, is_agent),) = ids(built, author)
    assert is_agent


def test_changes_of_bots_have_no_contributor(built: duckdb.DuckDBPyConnection) -> None:
    assert rows(
        built, "select count(*) from marts.landed_changes where contributor_id is null"
    ) == [(4,)]


def test_a_trailer_takes_nobody_from_the_contributors(built: duckdb.DuckDBPyConnection) -> None:
    assert rows(
        built,
        """select name, landed_changes, emails from marts.contributors
        where list_contains(emails, 'ada@harbour.test')""",
    ) == [("Ada Ruiz", 6, ["ada@harbour.test"])]


def test_names_are_those_of_the_settings_or_the_most_commits(
    built: duckdb.DuckDBPyConnection,
) -> None:
    found = {name for (name,) in rows(built, "select name from marts.contributors")}
    assert {"Cleo Marsh", "Eve Stone", "Dov Lind", "Ben Okafor"} <= found
