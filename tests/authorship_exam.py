"""The exam of attribution: labelled cases through the real SQL, scored by rule and by agent.

    python tests/authorship_exam.py            print the tables
    python tests/authorship_exam.py --write    put them into docs/authorship.md

A case is a commit as data (`message`, `author`, `committer`, days), or a `text` of a place that no
commit holds (a login, a branch, a ref), which meets the pattern of its rule alone. `rule` is what
it examines, `label` whether the rule must count ("positive") or must not ("negative"), and `expect`
what attribution must say of the commit.
"""

import argparse
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
from record_fixtures import parent_id, record_rows, repository_of

from quarterdeck.extractors.schemas import TABLES
from quarterdeck.flows.inputs import given_frames
from quarterdeck.flows.settings import Settings
from quarterdeck.sql.agents import Signal, load_signals
from quarterdeck.sql.objects import SCHEMAS, SqlObject, load_objects
from quarterdeck.sql.runner import Computed

Case = Mapping[str, Any]
FOLDER = Path(__file__).resolve().parent / "data" / "authorship"
PAGE = Path(__file__).resolve().parent.parent / "docs" / "authorship.md"
MARKS = ("<!-- exam: begin -->", "<!-- exam: end -->")
TARGET = "attribution.commit_authorship"
PERSON = "Ada Ruiz <ada@example.org>"
COMMITTER = "GitHub <noreply@github.com>"
LATELY = datetime(2026, 2, 3, 9, tzinfo=UTC)
SILENT = {"model_share": 0.0, "undeclared_share": 1.0, "human_share": 1.0}


def load_cases(folder: Path = FOLDER) -> list[dict[str, Any]]:
    """Every case of every file in the folder, in the order of the files' names."""
    return [
        case
        for path in sorted(folder.glob("*.toml"))
        for case in tomllib.loads(path.read_text("utf-8"))["case"]
    ]


def commit_row(case: Case) -> dict[str, object]:
    """The commit of a case, as the lake holds it."""
    author_name, author_email = case.get("author", PERSON).removesuffix(">").rsplit(" <", 1)
    name, email = case.get("committer", COMMITTER).removesuffix(">").rsplit(" <", 1)
    authored_at = case.get("authored_at", LATELY)
    return {
        "repository_id": repository_of(case),
        "commit_id": case["id"],
        "tree_id": "0" * 40,
        "parent_ids": [parent_id(case), "0" * 40][: case.get("parents", 1)],
        "author_name": author_name,
        "author_email": author_email,
        "authored_at": authored_at,
        "author_utc_offset_minutes": 0,
        "committer_name": name,
        "committer_email": email,
        "committed_at": case.get("committed_at", authored_at),
        "committer_utc_offset_minutes": 0,
        "message": case.get("message", "Guard the retry loop"),
    }


def lake_rows(case: Case) -> dict[str, list[dict[str, object]]]:
    """What the lake holds of a case: rows by table."""
    return {**record_rows(case), "commits": [commit_row(case)]}


def attribute(
    cases: Sequence[Case],
    extra: Sequence[Mapping[str, object]] = (),
    agents_since: date = date(2021, 6, 29),
) -> duckdb.DuckDBPyConnection:
    """The attribution of commits, built by the real SQL from a lake of these cases."""
    settings = Settings(signals=[dict(rule) for rule in extra], agents_since=agents_since)
    given = given_frames(settings, [], {}, "")
    connection = duckdb.connect()
    # The answers must not depend on the reader's zone.
    connection.execute("set TimeZone = 'Pacific/Auckland'")
    for schema in SCHEMAS:
        connection.execute(f"create schema {schema}")
    lake = [lake_rows(case) for case in cases]
    for table, schema in TABLES.items():
        made = [row for rows_of in lake for row in rows_of.get(table, [])]
        connection.register(f"lake_{table}", pl.DataFrame(made, schema=schema).to_arrow())
    for item in needed():
        for name in item.given:
            frame = given[name]
            frame = frame.make(connection) if isinstance(frame, Computed) else frame
            connection.register(f"given_{name}", frame.to_arrow())
        connection.execute(item.text)
    return connection


def needed(target: str = TARGET) -> list[SqlObject]:
    """The SQL objects that `target` takes, in order."""
    objects = {item.name: item for item in load_objects()}
    wanted, new = set[str](), {target}
    while new:
        wanted |= new
        new = {need for name in new for need in objects[name].needs} - wanted
    return [item for name, item in objects.items() if name in wanted]


@dataclass
class Exam:
    """The cases and what came out of them."""

    cases: Sequence[Case]
    signals: Mapping[str, Signal]
    findings: Mapping[str, Sequence[Mapping[str, Any]]]
    answers: Mapping[str, Mapping[str, Any]]
    texts: frozenset[str]  # cases of a text alone in which the rule's pattern was found

    def matched(self, case: Case) -> Sequence[Mapping[str, Any]]:
        """Findings by the rule of the case; for a rule on names, those that took its name."""
        rule = self.signals[case["rule"]]
        found = self.findings.get(case["id"], ())
        if rule.where == "name":
            named = {signal.id for signal in self.signals.values() if signal.agent == "named"}
            return [f for f in found if f["signal_id"] in named and f["agent"] == rule.agent]
        return [f for f in found if f["signal_id"] == rule.id]

    def counts(self, case: Case) -> bool:
        """Whether the rule did what it is for: credit, or, where it is no evidence, rule out."""
        if "text" in case:
            return case["id"] in self.texts
        is_evidence = self.signals[case["rule"]].author_class != "not-evidence"
        return any(finding["ruled_out"] != is_evidence for finding in self.matched(case))


def sit(cases: Sequence[Case]) -> Exam:
    """Put the cases through attribution."""
    signals = {signal.id: signal for signal in load_signals()}
    commits = [case for case in cases if "text" not in case]
    found: dict[str, list[Mapping[str, Any]]] = {}
    with attribute(commits) as connection:
        for row in rows(connection, "from attribution.findings"):
            found.setdefault(row["commit_id"], []).append(row)
        answers = {row["commit_id"]: row for row in rows(connection, f"from {TARGET}")}
        texts = frozenset(
            case["id"]
            for case in cases
            if "text" in case
            and connection.execute(
                "select regexp_matches(?, ?)", [case["text"], signals[case["rule"]].pattern]
            ).fetchall()[0][0]
        )
    return Exam(cases, signals, found, answers, texts)


def rows(connection: duckdb.DuckDBPyConnection, query: str) -> list[dict[str, Any]]:
    """The rows of a query as dicts."""
    found: list[dict[str, Any]] = connection.sql(query).pl().to_dicts()
    return found


@dataclass
class Score:
    """How often something was there, was said, and was both."""

    there: int = 0
    said: int = 0
    both: int = 0
    not_there: int = 0

    @property
    def recall(self) -> float | None:
        """Said of what was there; None where nothing was."""
        return self.both / self.there if self.there else None

    @property
    def precision(self) -> float | None:
        """There of what was said; None where nothing was."""
        return self.both / self.said if self.said else None

    def add(self, there: bool, said: bool) -> None:
        """Count one case."""
        self.there += there
        self.not_there += not there
        self.said += said
        self.both += there and said


@dataclass
class Scores:
    """Scores by rule and by agent, in the catalogue's and in alphabetical order."""

    rules: dict[str, Score] = field(default_factory=dict)
    agents: dict[str, Score] = field(default_factory=dict)


def score(exam: Exam) -> Scores:
    """Score the exam: rules on the cases that are about them, agents on all commits."""
    scores = Scores({rule: Score() for rule in exam.signals})
    told = []
    for case in exam.cases:
        scores.rules[case["rule"]].add(case["label"] == "positive", exam.counts(case))
        if "text" in case:
            continue
        answer, expected = exam.answers[case["id"]], case["expect"]
        is_silent = any(expected.get(key) == value for key, value in SILENT.items())
        if "agent" in expected or (is_silent and not expected.get("automation_share")):
            told.append((expected.get("agent"), answer["agent"]))
    for agent in sorted({name for pair in told for name in pair if name is not None}):
        scores.agents[agent] = Score()
        for there, said in told:
            scores.agents[agent].add(there == agent, said == agent)
    return scores


def report(exam: Exam) -> str:
    """The scores as Markdown."""
    scores = score(exam)
    positive = sum(case["label"] == "positive" for case in exam.cases)
    right = sum(exam.counts(case) == (case["label"] == "positive") for case in exam.cases)
    lines = [
        f"{len(exam.cases)} cases: {positive} positive, {len(exam.cases) - positive} negative; "
        f"{right} come out as labelled. {len(scores.rules)} rules.",
        "",
        "| agent | commits of it | said to be its | recall | precision |",
        "| --- | ---: | ---: | ---: | ---: |",
    ]
    for agent, one in scores.agents.items():
        lines.append(
            f"| {agent} | {one.there} | {one.said} | {share(one.recall)} | {share(one.precision)} |"
        )
    lines += [
        "",
        "| rule | reads | credits | tier | weight | positive | negative | recall | precision |",
        "| --- | --- | --- | --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    for name, one in scores.rules.items():
        rule = exam.signals[name]
        credits = rule.agent if rule.author_class != "not-evidence" else "nobody"
        is_weighed = rule.where != "name" and rule.author_class != "not-evidence"
        lines.append(
            f"| `{name}` | {rule.where.replace('_', ' ')} | {credits} "
            f"| {rule.tier if is_weighed else ''} | {f'{rule.weight:g}' if is_weighed else ''} "
            f"| {one.there} | {one.not_there} | {share(one.recall)} | {share(one.precision)} |"
        )
    return "\n".join(lines)


def share(value: float | None) -> str:
    """A share for the table."""
    return "" if value is None else f"{100 * value:.0f}%"


def published(page: str) -> str:
    """What stands between the marks of the page."""
    begin, end = (re.escape(mark) for mark in MARKS)
    found = re.search(rf"{begin}\n\n(.*?)\n\n{end}", page, re.DOTALL)
    assert found is not None, f"the page lacks {MARKS[0]} or {MARKS[1]}"
    return found[1]


def main() -> None:
    """Print the tables, or put them into the page."""
    parser = argparse.ArgumentParser(prog="python tests/authorship_exam.py")
    parser.add_argument("folder", type=Path, nargs="?", default=FOLDER)
    parser.add_argument("--write", action="store_true", help=f"into {PAGE.name}")
    options = parser.parse_args()
    text = report(sit(load_cases(options.folder)))
    if not options.write:
        print(text)
        return
    page = PAGE.read_text("utf-8")
    begin, end = (f"{MARKS[0]}\n\n", f"\n\n{MARKS[1]}")
    PAGE.write_text(page.replace(begin + published(page) + end, begin + text + end), "utf-8")


if __name__ == "__main__":
    main()
