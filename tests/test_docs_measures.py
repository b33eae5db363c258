"""The pages on measures: worked examples are recomputed, the dictionary is current, queries run."""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from importlib.resources import files
from pathlib import Path

import duckdb
import pytest
from sql_fixtures import ADA, BEN, BOT, CLAUDE, History, rows, steady

from quarterdeck.estimates.trend import fit_trend
from quarterdeck.flows.dictionary import data_dictionary
from quarterdeck.reports.facts import read_facts
from quarterdeck.reports.summary import trace_statement

DOCS = Path(__file__).resolve().parent.parent / "docs"
PEOPLE = {"Ada": ADA, "Ben": BEN}
EXAMPLES = sorted(
    (file.name, file.read_text("utf-8"))
    for file in (files("quarterdeck.sql") / "examples").iterdir()
    if file.name.endswith(".sql")
)


def example(name: str) -> list[dict[str, str]]:
    """The table below the mark of this name in docs/metrics.md, a dict for each row."""
    page = (DOCS / "metrics.md").read_text("utf-8")
    found = re.search(rf"<!-- example: {name} -->\n\n((?:\|[^\n]*\n)+)", page)
    assert found is not None, name
    head, _, *body = (
        [cell.strip() for cell in line.strip("|").split("|")] for line in found[1].splitlines()
    )
    return [dict(zip(head, line, strict=True)) for line in body]


def numbers(table: list[dict[str, str]]) -> list[tuple[object, ...]]:
    """Rows of a table of results: numbers to the digits that the page gives."""
    return [
        tuple(
            pytest.approx(float(cell), abs=5e-4) if re.fullmatch(r"[\d.]+", cell) else cell
            for cell in row.values()
        )
        for row in table
    ]


def columns(table: list[dict[str, str]]) -> str:
    return ", ".join(table[0])


def test_worked_example_of_the_multiple(tmp_path: Path) -> None:
    history = History()
    repository = history.repository()
    for row in example("changes"):
        lines = {
            "src/a.py": int(row["source lines"]),
            "tests/test_a.py": int(row["test lines"]),
            "docs/a.md": int(row["documentation lines"]),
        }
        repository.land(date.fromisoformat(row["landed"]), lines, PEOPLE[row["author"]])
    wanted = example("multiples")
    cutoff = datetime(2024, 9, 30, 23, 59, 59, tzinfo=UTC)
    with history.build(tmp_path, baseline="2024Q1..2024Q2", cutoff=cutoff) as connection:
        found = rows(
            connection,
            f"""select {columns(wanted)} from marts.multiples
            where scope = 'organisation' and measure = 'code_lines' order by quarter_start""",
        )
    assert found == numbers(wanted)


def test_worked_examples_of_rate_and_mix_and_of_fixed_sets(tmp_path: Path) -> None:
    history = History()
    table = example("moves")
    places = {row["repository"]: None for row in table}
    repositories = {name: history.repository(name) for name in places}
    for row in table:
        person = f"{row['author']} <{row['author'].lower()}@harbour.test>"
        lines = {"src/a.py": int(row["source lines"])}
        repositories[row["repository"]].land(date.fromisoformat(row["landed"]), lines, person)
    mixed, fixed = example("rate and mix"), example("fixed sets")
    cutoff = datetime(2024, 9, 30, 23, 59, 59, tzinfo=UTC)
    with history.build(tmp_path, baseline="2024Q1..2024Q2", cutoff=cutoff) as connection:
        split = rows(connection, f"select {columns(mixed)} from marts.rate_and_mix")
        sets = rows(
            connection,
            f"""select {columns(fixed)} from marts.fixed_set_multiples
            where scope = 'organisation' and multiple is not null order by group_kind""",
        )
    assert split == numbers(mixed)
    assert sets == numbers(fixed)


def test_worked_example_of_the_trend() -> None:
    multiples = [float(row["multiple"]) for row in example("published multiples")]
    fit = fit_trend([3 * number for number in range(len(multiples))], multiples)
    (wanted,) = example("published trend")
    for name, text in wanted.items():
        found = getattr(fit, name)
        digits = len(text.partition(".")[2]) if text[0].isdigit() else 0
        assert (f"{found:.{digits}f}" if digits else found) == text, name


def test_worked_example_of_authorship(tmp_path: Path) -> None:
    history = History()
    repository = history.repository()
    day = date(2026, 2, 3)
    own = [
        repository.commit(
            day,
            {"src/a.py": int(row["source lines"]), "docs/a.md": int(row["documentation lines"])},
            message=f"Change {row['commit']}\n\n{row['trailer']}",
        )
        for row in example("commits")
    ]
    repository.land(day, {"src/a.py": 90}, brings=own)
    wanted = example("authorship")
    with history.build(tmp_path) as connection:
        found = rows(
            connection,
            f"select {columns(wanted)} from marts.authorship_quarterly where scope = 'repository'",
        )
    assert found == numbers(wanted)


def test_worked_example_of_survival(tmp_path: Path) -> None:
    history = History()
    repository = history.repository()
    landed: dict[str, str] = {}
    written: dict[str, int] = {}
    ended: list[tuple[str | None, str, str, int]] = []
    for row in example("lines"):
        gone = {name: int(row[f"ends of change {name}"]) for name in ("1", "3")}
        lines = {"src/a.py": (int(row["lines written"]), sum(gone.values()))}
        end = landed[row["change"]] = repository.land(date.fromisoformat(row["landed"]), lines)
        written[row["change"]] = int(row["lines written"])
        for name, count in gone.items():
            if count:
                ended.append((landed[name], end, "deleted", count))
                written[name] -= count
    repository.follow(ended, [(landed[name], left) for name, left in written.items() if left])
    wanted, at_ages = example("cohort"), example("curve")
    with history.build(tmp_path, cutoff=datetime(2024, 12, 31, 12, tzinfo=UTC)) as connection:
        found = rows(
            connection,
            f"""select {columns(wanted)} from marts.survival_cohorts
            where scope = 'repository' and author_class = 'all' and lines_written > 0""",
        )
        ages = ", ".join(row["age_days"] for row in at_ages)
        curve = rows(
            connection,
            f"""select {columns(at_ages)} from marts.survival_curves
            where scope = 'repository' and author_class = 'all' and age_days in ({ages})
            order by age_days""",
        )
    assert found == numbers(wanted)
    assert curve == numbers(at_ages)


def test_worked_example_of_merge_success(tmp_path: Path) -> None:
    history = History()
    repository = history.repository()
    repository.land(date(2025, 12, 1), {})
    for row in example("pull requests"):
        head = repository.commit(date.fromisoformat(row["first commit"]))
        landed = repository.land(date.fromisoformat(row["landed"])) if row["landed"] else None
        repository.pull(int(row["number"]), [head], landed)
    wanted = example("merge success")
    with history.build(tmp_path, cutoff=datetime(2026, 4, 1, 12, tzinfo=UTC)) as connection:
        found = rows(
            connection,
            f"""select {columns(wanted)} from marts.merge_success_quarterly
            where scope = 'repository' and author_class = 'all'""",
        )
    assert found == numbers(wanted)


def test_data_dictionary_is_current() -> None:
    page = (DOCS / "data-dictionary.md").read_text("utf-8")
    assert page == data_dictionary(), (
        "write it anew: python -m quarterdeck.flows.dictionary > docs/data-dictionary.md"
    )


@pytest.fixture(scope="module")
def organisation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    history = History()
    repository = history.repository(is_shallow=True)
    steady(repository, date(2021, 1, 1), date(2026, 2, 1), step=30)
    day = date(2026, 1, 3)
    lines = {"src/a.py": 30, "tests/test_a.py": 10}
    landed = repository.land(day, lines, BEN, message=f"Write\n\n{CLAUDE}")
    repository.pull(1, [landed], landed)
    repository.land(day, lines, BOT)
    repository.land(day, {"src/a.py": (0, 30)}, message=f"This reverts commit {landed}.")
    repository.land(day, {}, message=f"Tell\n\n> {CLAUDE}")
    repository.land(day, {}, "Ada Ruiz <ada@home.test>")
    lined = history.repository("tide-tables")
    first = lined.land(date(2025, 6, 1), {"src/a.py": 10})
    model = lined.land(date(2025, 6, 5), {"src/a.py": 8}, message=f"Write\n\n{CLAUDE}")
    end = lined.land(date(2025, 7, 1), {"src/a.py": (0, 3)})
    lined.follow([(first, end, "deleted", 3)], [(first, 7), (model, 8)])
    told = {"state": "open", "created_at": date(2025, 7, 1), "agent": "Codex", "source": "table"}
    lined.told(901, **told)
    lined.review(901, "r1", "ben", date(2025, 7, 2))
    people = [{"name": "Ada Ruiz", "emails": ["ada@harbour.test", "ada@home.test"]}]
    folder = tmp_path_factory.mktemp("examples")
    with history.build(folder, contributors=people) as connection:
        yield connection


def test_there_are_enough_examples() -> None:
    assert len(EXAMPLES) >= 15


@pytest.mark.parametrize(("name", "query"), EXAMPLES, ids=[name for name, _ in EXAMPLES])
def test_example_query_has_a_question_and_an_answer(
    organisation: duckdb.DuckDBPyConnection, name: str, query: str
) -> None:
    assert re.match(r"-- [A-Z][^\n]*\?\n", query), name
    assert rows(organisation, query), name


@pytest.mark.parametrize("repository", [None, "tide-tables"])
def test_the_statement_that_the_report_offers_for_tracing_lists_the_changes(
    organisation: duckdb.DuckDBPyConnection, repository: str | None
) -> None:
    overview = read_facts(Path(":memory:"), organisation, repository).overview
    (quarter,) = organisation.execute(
        """select max(quarter) from marts.landed_changes
        where code_lines > 0 and repository_id = coalesce($name, repository_id)""",
        {"name": repository},
    ).fetchall()[0]
    found = rows(organisation, trace_statement(overview, quarter))
    assert found and all(row[4] is not None for row in found)
    assert repository is None or {row[0] for row in found} == {repository}
