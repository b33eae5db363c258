"""Teams: whose change it is by the day that it landed, and what belongs to none."""

from datetime import date
from pathlib import Path

import pytest
from sql_fixtures import ADA, BEN, BOT, CLEO, History, rows

from quarterdeck.flows.errors import SettingsError
from quarterdeck.flows.settings import load_settings

TEAMS = [
    {
        "name": "Crane",
        "members": [
            {"who": "ada@harbour.test", "to": date(2024, 6, 30)},
            {"who": "ben okafor", "from": date(2024, 4, 1)},
        ],
    },
    {"name": "Quay", "members": [{"who": ADA.split(" <")[0], "from": date(2024, 7, 1)}]},
    {"name": "Docs", "repositories": ["harbour-docs"]},
]


def history() -> History:
    made = History()
    code, docs = made.repository("harbour-api"), made.repository("harbour-docs")
    code.land(date(2024, 1, 10), {"a.py": 100}, ADA)
    code.land(date(2024, 2, 10), {"a.py": 7}, BEN)  # not yet a member
    code.land(date(2024, 6, 30), {"a.py": 20}, ADA)
    code.land(date(2024, 7, 1), {"a.py": 30}, ADA)  # the first day in the other team
    code.land(date(2024, 8, 1), {"a.py": 40}, BEN)
    code.land(date(2024, 8, 2), {"a.py": 50}, CLEO)
    code.land(date(2024, 8, 3), {"a.py": 60}, BOT)
    docs.land(date(2024, 8, 4), {"a.py": 70}, BEN)  # in two teams
    return made


def test_changes_belong_to_teams_by_the_day_that_they_landed(tmp_path: Path) -> None:
    with history().build(tmp_path, teams=TEAMS) as connection:
        found = rows(
            connection,
            """select scope_name, quarter, code_lines from marts.authorship_quarterly
            where scope = 'team' order by all""",
        )
        assert found == [
            ("(no team)", "2024Q1", 7),
            ("(no team)", "2024Q3", 110),
            ("Crane", "2024Q1", 100),
            ("Crane", "2024Q2", 20),
            ("Crane", "2024Q3", 110),
            ("Docs", "2024Q3", 70),
            ("Quay", "2024Q3", 30),
        ]
        explained = """select scope_name, quarter, sum(code_lines)::integer
            from marts.explained_counts where scope = 'team' group by all order by all"""
        assert rows(connection, explained) == found
        activity = rows(
            connection,
            """select scope_name, any_value(name), min(active_from), max(active_to)
            from marts.contributor_activity join marts.contributors using (contributor_id)
            where scope = 'team' and scope_name != '(no team)'
            group by scope_name, contributor_id order by all""",
        )
        assert activity == [
            ("Crane", "Ada Ruiz", date(2024, 1, 10), date(2024, 6, 30)),
            ("Crane", "Ben Okafor", date(2024, 4, 1), date(2025, 8, 3)),
            ("Docs", "Ben Okafor", date(2024, 8, 4), date(2025, 8, 3)),
            ("Quay", "Ada Ruiz", date(2024, 7, 1), date(2025, 6, 30)),
        ]
        # every table with a scope has the teams
        for table in (
            "multiples",
            "agents_quarterly",
            "file_classes_quarterly",
            "quarters",
            "caps",
        ):
            names = rows(
                connection, f"select distinct scope_name from marts.{table} where scope = 'team'"
            )
            assert len(names) == (0 if table == "agents_quarterly" else 4), table
        assert rows(connection, "from marts.data_quality where repository_id is null") == []


def test_pull_requests_belong_to_teams_by_the_day_of_opening(tmp_path: Path) -> None:
    made = History()
    repository = made.repository()
    for number, (day, author) in enumerate(
        [(date(2024, 5, 1), ADA), (date(2024, 8, 1), ADA), (date(2024, 8, 2), CLEO)], start=1
    ):
        repository.pull(number, [commit := repository.land(day, author=author)], commit)
        repository.told(number, state="merged")
    repository.told(4, state="closed")  # nobody knows by whom, nor when
    repository.land(date(2025, 1, 1))
    with made.build(tmp_path, teams=TEAMS) as connection:
        told = rows(
            connection,
            """select scope_name, merged, closed, merged_of_closed from marts.forge_success
            where scope = 'team' and grouping_kind = 'all' order by all""",
        )
        found = rows(
            connection,
            """select scope_name, quarter_start, merged from marts.merge_counts
            where scope = 'team' and author_class = 'all' order by all""",
        )
    assert found == [
        ("(no team)", date(2024, 7, 1), 1),
        ("Crane", date(2024, 4, 1), 1),
        ("Quay", date(2024, 7, 1), 1),
    ]
    assert told == [("(no team)", 1, 2, 0.5), ("Crane", 1, 1, 1.0), ("Quay", 1, 1, 1.0)]


def test_lines_of_teams_live_and_die(tmp_path: Path) -> None:
    made = History()
    code, fork = made.repository(), made.repository("harbour-docs")
    # the same change in two repositories
    born = [
        one.land(date(2024, 1, 10), {"a.py": 10}, ADA, commit_id="c" * 40) for one in (code, fork)
    ]
    end = code.land(date(2024, 2, 1), {"a.py": (0, 6)}, CLEO)
    code.follow([(born[0], end, "deleted", 6)], [(born[0], 4)], path="a.py")
    fork.follow(alive=[(born[1], 10)], path="a.py")
    fork.land(date(2024, 3, 1), {}, CLEO)
    with made.build(tmp_path, teams=TEAMS) as connection:
        found = rows(
            connection,
            """select scope, scope_name, lines, landed_changes, round(survival, 6)
            from marts.survival_curves
            where author_class = 'all' and matched_with is null and age_days = 30
            order by all""",
        )
    assert found == [
        ("organisation", "Harbour", 20.0, 2, 0.7),
        ("repository", "harbour-api", 10.0, 1, 0.4),
        ("repository", "harbour-docs", 10.0, 1, 1.0),
        ("team", "Crane", 20.0, 2, 0.7),
        ("team", "Docs", 10.0, 1, 1.0),
    ]


def test_without_teams_there_is_no_team(tmp_path: Path) -> None:
    with history().build(tmp_path) as connection:
        assert rows(connection, "from marts.scopes where scope = 'team'") == []
        assert rows(connection, "from marts.change_teams") == []


def test_members_who_are_unknown_or_several_are_told(tmp_path: Path) -> None:
    made = history()
    made.repository("other").land(date(2024, 8, 1), {"a.py": 1}, "Cleo Marsh <cleo@pier.test>")
    teams = [
        {"name": "Crane", "members": ["Cleo Marsh", "nobody@harbour.test", "ada@harbour.test"]},
        {"name": "Far", "repositories": ["elsewhere"]},
    ]
    with made.build(tmp_path, teams=teams) as connection:
        found = rows(
            connection,
            """select issue, affected, total, detail from marts.data_quality
            where repository_id is null order by all""",
        )
    assert [(issue, affected, total) for issue, affected, total, _ in found] == [
        ("repositories of teams that are not here", 1, 1),
        ("team members who may be several people", 1, 3),
        ("team members whom no commit knows", 1, 3),
    ]
    assert [
        name in row[3]
        for name, row in zip(("elsewhere", "Cleo Marsh", "nobody@harbour.test"), found, strict=True)
    ] == [True] * 3


def test_spans_of_a_member_may_overlap(tmp_path: Path) -> None:
    members = [
        {"who": "ada@harbour.test", "from": date(2024, 1, 1), "to": date(2024, 3, 31)},
        {"who": "Ada Ruiz", "from": date(2024, 2, 1), "to": date(2024, 5, 31)},
        {"who": "Ada Ruiz", "from": date(2024, 6, 1), "to": date(2024, 6, 30)},
        {"who": "Ada Ruiz", "from": date(2024, 9, 1)},
    ]
    teams = [{"name": "Crane", "members": members}]
    with history().build(tmp_path, teams=teams) as connection:
        assert rows(
            connection, "select first_day, last_day from marts.team_memberships order by all"
        ) == [(date(2024, 1, 1), date(2024, 6, 30)), (date(2024, 9, 1), date(9999, 12, 31))]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('[[teams]]\nname = "A"', "has members or repositories"),
        ('[[teams]]\nname = "(no team)"\nmembers = ["a"]', "choose another name"),
        (
            '[[teams]]\nname = "A"\nmembers = [{ who = "a", from = 2024-02-01, to = 2024-01-01 }]',
            "'to' is before 'from'",
        ),
        ('[[teams]]\nname = "A"\nmembers = ["a"]\n' * 2, "two teams 'A'"),
        ('[[teams]]\nname = "A"\nmembers = [{ name = "a" }]', "no such key"),
        ('identity_rules = ["by-name"]', "no rule 'by-name'"),
        (
            '[[contributors]]\nname = "A"\nemails = ["a@x.test", "b@x.test"]\n'
            '[[keep_apart]]\nemails = ["a@x.test", "B@x.test"]',
            "belong to one contributor",
        ),
        (
            '[[contributors]]\nname = "A"\nemails = ["a@x.test"]\n'
            '[[contributors]]\nname = "B"\nemails = ["A@x.test"]',
            "belongs to A and to B",
        ),
        ('[[keep_apart]]\nemails = ["a@x.test"]', "keep_apart"),
    ],
)
def test_settings_that_contradict_themselves_are_refused(
    tmp_path: Path, text: str, told: str
) -> None:
    file = tmp_path / "quarterdeck.toml"
    file.write_text(text)
    with pytest.raises(SettingsError, match=r"quarterdeck\.toml") as error:
        load_settings(file)
    assert told in str(error.value)
