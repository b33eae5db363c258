"""Pseudonyms: nobody is named in the database or the report, and no number changes."""

import json
import stat
from pathlib import Path
from typing import Any

import duckdb
import pytest
from git_fixtures import RepositoryBuilder

from quarterdeck.flows import pipeline
from quarterdeck.flows.errors import SettingsError
from quarterdeck.flows.privacy_key import VARIABLE, privacy_key
from quarterdeck.flows.settings import Settings

KEY, OTHER_KEY = "k" * 40, "o" * 40
PEOPLE = {
    "Ottilie Brandwein": ["ottilie@harbour.test", "4711+ottibrand@users.noreply.github.com"],
    "Renzo Quillfeather": ["Renzo.Quillfeather@harbour.test", "renzo@(none)"],
    "Xiulan O'Malley-Zhou": ["xiulan@gmail.com"],
    "Théodora Ülgen": ["theodora@pier.test"],
    "zebulon77": ["zeb@pier.test"],
    "岡本花子": ["hanako@pier.test"],
}
#: Named in texts or settings only.
OTHERS = {
    "Wilhelmina Straightaway": ["mina@elsewhere.test"],
    "Quentin Nowhere": ["quentin@nowhere.test"],
    "Balthazar Overlook": ["balt@overlook.test"],
}
LOGINS = ["ottibrand", "unknownfella"]
AIDER = "Ottilie Brandwein (aider)"
CLAUDE = ("Claude", "noreply@anthropic.com")
BOT = ("dependabot[bot]", "49699333+dependabot[bot]@users.noreply.github.com")
GITHUB = ("GitHub", "noreply@github.com")
MAILMAP = (
    "# Wilhelmina Straightaway keeps this\n"
    "Ottilie Brandwein <ottilie@harbour.test> <4711+ottibrand@users.noreply.github.com>\n"
    "Renzo Quillfeather <renzo.quillfeather@harbour.test> <renzo@(none)>\n"
)


def identities() -> list[tuple[str, str]]:
    return [(name, email) for name, emails in PEOPLE.items() for email in emails]


def build_repository(path: Path) -> None:
    write_tables(path.parent)
    repository = RepositoryBuilder(path)
    repository.commit({".mailmap": MAILMAP.encode()}, "Start", author=identities()[0])
    messages = [
        "Add a part\n\nCo-authored-by: Claude <noreply@anthropic.com>",
        "Thanks to RENZO QUILLFEATHER, Théodora and 岡本花子さん\n\n"
        "Reviewed-by: Balthazar Overlook\n"
        "Signed-off-by: Wilhelmina Straightaway <mina@elsewhere.test>",
        "Fix what @ottibrand and @unknownfella saw, see /home/zebulon77/code\n\n"
        "write to xiulan@gmail.com, or to Xiulan O'Malley-Zhou; cc @claude",
        'Revert "Renzo\nQuillfeather was here"\n\nPatch by Wilhelmina Straightaway '
        "<mina@elsewhere.test>\nReported-by: Ottilie, zebulon77 and renzo@(none)",
        "Merge pull request #7 from ottibrand/topic",
        "Merge pull request #8 from unknownfella/topic",
        "Write it\n\n🤖 Generated with [Claude Code](https://claude.ai/code)",
    ]
    people = [*identities(), (AIDER, "ottilie@harbour.test")]
    for number in range(40):
        repository.commit(
            {f"src/part_{number}.py": b"value\n" * (number + 1)},
            f"{messages[number % len(messages)]} (#{number + 20})"
            if number % len(messages) == 0
            else messages[number % len(messages)],
            author=people[number % len(people)],
            committer=GITHUB if number % 3 else identities()[(number + 1) % len(identities())],
            date=f"2025-{1 + number // 4:02}-{1 + number % 4:02}T12:00:00+00:00",
        )
    repository.commit({"a.py": b"1\n"}, "Bump a", author=BOT)
    tip = repository.commit({"b.py": b"1\n" * 30}, "Write b", author=CLAUDE)
    for name in ("heads/zebulon77/wip", "heads/unknownfella/wip", "pull/7/head"):
        repository.ref(f"refs/{name}", tip)
    url = "https://ottibrand:sesam0pen@git.harbour.test/ottibrand/app.git"
    repository.git("remote", "add", "origin", url)


def write_tables(folder: Path) -> None:
    """Pull requests and reviews in which people stand wherever they can."""
    (folder / "pulls.csv").write_text(
        "repo,number,login,merger,by,title,body,branch,fork,labels,url,state,at\n"
        "app,7,ottibrand,unknownfella,4711,Thanks to Renzo Quillfeather,see @ottibrand,"
        "ottibrand/topic,ottibrand/app,for Balthazar Overlook <balt@overlook.test>,"
        "https://git.harbour.test/ottibrand/app/pull/7,merged,2025-03-01\n"
        "app,8,unknownfella,,,Fix,,unknownfella/topic,,,,open,xiulan@gmail.com\n",
        encoding="utf-8",
    )
    (folder / "reviews.csv").write_text(
        "repo,number,login,state,at\napp,7,unknownfella,approved,2025-03-01\n", encoding="utf-8"
    )


TABLES = {
    "repository": "repo", "number": "number", "author_login": "login", "state": "state",
    "merged_by_login": "merger", "author_id": "by", "title": "title", "body": "body",
    "head_branch": "branch", "head_repository": "fork", "labels": "labels", "url": "url",
    "created_at": "at",
}  # fmt: skip
REVIEWS = {
    "repository": "repo", "number": "number", "reviewer_login": "login", "state": "state",
    "submitted_at": "at",
}  # fmt: skip


def settings(folder: Path, privacy: str) -> Settings:
    return Settings(
        organisation="Harbour",
        lake=folder.parent / "lake",
        database=folder / "quarterdeck.duckdb",
        reports=folder,
        repositories=[{"path": folder.parent / "app", "name": "app", "team": "Crane"}],
        contributors=[{"name": "Xiulan O'Malley-Zhou", "emails": ["xiulan@gmail.com"]}],
        keep_apart=[{"emails": ["quentin@nowhere.test", "theodora@pier.test"]}],
        exclusions=[
            {"author": "theodora@pier.test", "reason": "as Quentin Nowhere asked"},
        ],
        teams=[
            {
                "name": "Quay",
                "members": [
                    "Renzo Quillfeather",
                    "ottilie@harbour.test",
                    "Quentin Nowhere",
                    "balt@overlook.test",
                ],
            }
        ],
        pull_request_tables=[{"path": str(folder.parent / "pulls.csv"), "columns": TABLES}],
        review_tables=[{"path": str(folder.parent / "reviews.csv"), "columns": REVIEWS}],
        privacy=privacy,
        privacy_key_file=folder.parent / "privacy.key",
    )


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The same history built openly, twice with one key, and with another key."""
    root = tmp_path_factory.mktemp("privacy")
    build_repository(root / "app")
    built = {}
    with pytest.MonkeyPatch.context() as patch:
        runs = [("open", None), ("first", KEY), ("second", KEY), ("other", OTHER_KEY)]
        for name, key in runs:
            if key is not None:
                patch.setenv(VARIABLE, key)
            built[name] = root / name
            built[name].mkdir()
            pipeline.run(settings(built[name], "open" if key is None else "pseudonymous"))
    return built


def tables(folder: Path) -> dict[str, Any]:
    """Every row of every table and view."""
    with duckdb.connect(str(folder / "quarterdeck.duckdb"), read_only=True) as connection:
        names = connection.sql("""
            select schema_name || '.' || table_name from duckdb_tables()
            union all
            select schema_name || '.' || view_name from duckdb_views() where not internal
        """).fetchall()
        return {name: connection.sql(f"from {name}").fetchall() for (name,) in names}


def rounded(rows: Any) -> list[str]:
    """Rows in order; sums of fractions differ by rounding from run to run."""
    return sorted(
        repr([float(f"{v:.9g}") if isinstance(v, float) else v for v in row]) for row in rows
    )


def secrets_of_people() -> list[str]:
    found = [*LOGINS, KEY, OTHER_KEY, "sesam0pen"]
    for name, emails in (PEOPLE | OTHERS).items():
        found += [name, *name.split()[:1], *name.split()[-1:], *emails]
    return sorted({text.casefold() for text in found})


def test_the_open_database_names_everybody(folders: dict[str, Path]) -> None:
    """What is looked for below can be found at all."""
    text = repr(tables(folders["open"])).casefold()
    missing = {s for s in secrets_of_people() if s not in text and repr(s)[1:-1] not in text}
    assert missing == {KEY, OTHER_KEY, "sesam0pen"}
    assert b"quillfeather" in (folders["open"] / "quarterdeck.duckdb").read_bytes().lower()


@pytest.mark.parametrize("name", ["first", "other"])
def test_nobody_is_named_in_any_table(folders: dict[str, Path], name: str) -> None:
    for table, rows in tables(folders[name]).items():
        text = repr(rows).casefold()
        leaked = [s for s in secrets_of_people() if s in text or repr(s)[1:-1] in text]
        assert leaked == [], table


def test_nobody_is_named_in_the_bytes_of_any_file(folders: dict[str, Path]) -> None:
    files = [file for file in folders["first"].rglob("*") if file.is_file()]
    assert {file.name for file in files} >= {"quarterdeck.duckdb", "report.html"}
    for file in files:
        content = file.read_bytes().lower()
        leaked = [s for s in secrets_of_people() if s.encode() in content]
        assert leaked == [], file.name


def test_no_number_changes(folders: dict[str, Path]) -> None:
    openly, hidden = tables(folders["open"]), tables(folders["first"])
    assert openly.keys() == hidden.keys()

    def numbers(rows: Any) -> list[str]:
        return rounded(
            [value for value in row if isinstance(value, int | float) or value is None]
            for row in rows
        )

    assert len(openly["marts.multiples"]) > 10
    for table in openly:
        if table.startswith("marts.") and table not in ("marts.repositories",):
            assert numbers(openly[table]) == numbers(hidden[table]), table
    for table in ("attribution.commit_authorship", "attribution.change_authorship"):
        assert numbers(openly[table]) == numbers(hidden[table]), table
    shares = "marts.authorship_quarterly"
    assert rounded(openly[shares]) == rounded(hidden[shares])


def test_joins_hold_in_the_copy(folders: dict[str, Path]) -> None:
    query = """
        select count(*), count(contributor_id), count(distinct contributor_id)
        from marts.landed_changes left join marts.contributors using (contributor_id)
    """
    commits = """
        select count(*), count(identities.contributor_id)
        from staging.commits left join attribution.identities
            on identities.repository_id = commits.repository_id
            and identities.name = commits.author_name
            and identities.email = commits.author_email
    """
    found = []
    for name in ("open", "first"):
        path = folders[name] / "quarterdeck.duckdb"
        with duckdb.connect(str(path), read_only=True) as connection:
            found.append([connection.sql(q).fetchall() for q in (query, commits)])
    assert found[0] == found[1]
    assert found[1][0][0][2] == len(PEOPLE)


def test_pseudonyms_follow_the_key(folders: dict[str, Path]) -> None:
    first, second, other = (tables(folders[name]) for name in ("first", "second", "other"))
    volatile = ("raw.repositories", "marts.repositories", "raw.settings")
    for table in first:
        if table not in volatile:
            assert rounded(first[table]) == rounded(second[table]), table

    def names(found: dict[str, Any]) -> set[str]:
        return {row[1] for row in found["marts.contributors"]}

    assert len(names(first)) == len(PEOPLE)
    assert names(first).isdisjoint(names(other))
    assert all(name.startswith("person-") for name in names(first))


def test_one_person_has_one_pseudonym_everywhere(folders: dict[str, Path]) -> None:
    path = folders["first"] / "quarterdeck.duckdb"
    with duckdb.connect(str(path), read_only=True) as connection:
        ottilie = connection.sql("""
            select name from marts.contributors
            where addresses = 2 and list_contains(rules, 'mailmap') and landed_changes > 12
        """).fetchall()
        ((name,),) = ottilie
        authors = connection.execute(
            "select distinct author_name from raw.commits where author_name like ? || '%'", [name]
        ).fetchall()
        assert sorted(authors) == [(name,), (f"{name} (aider)",)]
        texts = connection.execute(
            "select count(*) from raw.commits where contains(message, ?)", [f"@{name}"]
        ).fetchall()
        assert texts[0][0] > 3


def test_agents_and_bots_stay_readable(folders: dict[str, Path]) -> None:
    path = folders["first"] / "quarterdeck.duckdb"
    with duckdb.connect(str(path), read_only=True) as connection:
        found = connection.sql(
            "select distinct author_name, author_email from raw.commits"
        ).fetchall()
        assert {CLAUDE, BOT} <= set(found)
        assert (
            GITHUB
            in connection.sql(
                "select distinct committer_name, committer_email from raw.commits"
            ).fetchall()
        )
        matched = {
            text
            for (text,) in connection.sql(
                "select distinct matched_text from attribution.findings where agent is not null"
            ).fetchall()
        }
        claude = "co-authored-by: Claude <noreply@anthropic.com>"
        assert any(text.startswith(claude) for text in matched)
        assert any("Claude Code](https://claude.ai/code)" in text for text in matched)
        assert any(text.endswith("@pseudonym.invalid>") and "(aider)" in text for text in matched)
        ((url, path_of_clone),) = connection.sql(
            "select remote_url, path from raw.repositories"
        ).fetchall()
        assert url.startswith("https://git.harbour.test/person-")
        assert path_of_clone is None
        ((shown,),) = connection.sql("select settings_json from raw.settings").fetchall()
        assert json.loads(shown)["teams"][0]["members"][0]["who"].startswith("person-")


@pytest.mark.slow
def test_a_change_of_privacy_or_key_builds_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build_repository(tmp_path / "app")
    folder = tmp_path / "out"
    folder.mkdir()
    assert pipeline.mine(settings(folder, "open")).problems == {}
    monkeypatch.setenv(VARIABLE, KEY)
    assert pipeline.update_database(settings(folder, "open"))
    assert pipeline.update_database(settings(folder, "pseudonymous"))
    assert not pipeline.update_database(settings(folder, "pseudonymous"))
    monkeypatch.setenv(VARIABLE, OTHER_KEY)
    assert pipeline.update_database(settings(folder, "pseudonymous"))
    assert sorted(file.name for file in folder.iterdir()) == [
        ".quarterdeck.duckdb.lock",
        "quarterdeck.duckdb",
    ]


def test_a_key_is_made_for_its_owner_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    folder = tmp_path / "out"
    made = privacy_key(settings(folder, "pseudonymous"))
    file = tmp_path / "privacy.key"
    assert made is not None
    assert len(made) == 64
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert privacy_key(settings(folder, "pseudonymous")) == made
    assert privacy_key(settings(folder, "open")) is None
    monkeypatch.setenv(VARIABLE, KEY)
    assert privacy_key(settings(folder, "pseudonymous")) == KEY.encode()


@pytest.mark.parametrize(
    ("content", "mode", "told"),
    [
        ("short", 0o600, "fewer than 32"),
        (KEY, 0o644, "others may read"),
        (b"\xff" * 40, 0o600, "not text"),
    ],
)
def test_a_bad_key_is_refused_and_not_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str | bytes, mode: int, told: str
) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    file = tmp_path / "privacy.key"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    file.chmod(mode)
    with pytest.raises(SettingsError, match=told) as error:
        privacy_key(settings(tmp_path / "out", "pseudonymous"))
    assert KEY not in str(error.value)


def test_a_short_key_in_the_environment_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, "guessable")
    with pytest.raises(SettingsError, match=VARIABLE) as error:
        privacy_key(settings(tmp_path / "out", "pseudonymous"))
    assert "guessable" not in str(error.value)
