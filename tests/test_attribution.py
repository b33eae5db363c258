"""Labelled cases through the real attribution SQL, and the catalogue's own checks."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

import pytest
from authorship_exam import (
    LATELY,
    PAGE,
    Exam,
    attribute,
    load_cases,
    published,
    report,
    rows,
    score,
    sit,
)

from quarterdeck.sql.agents import SIGNALS_SCHEMA, SignalError, load_signals, signals_frame

CASES = load_cases()
COMMITS = [case for case in CASES if "text" not in case]
SQL_FILES = (
    *("message_lines", "branch_names", "record_claims", "attested_lines", "record_findings"),
    *("findings", "evidence_authorship", "commit_authorship"),
)
LONG_AGO = datetime(2019, 3, 1, 9, tzinfo=UTC)
CLAUDE = "Co-authored-by: Claude <noreply@anthropic.com>"


def authorship_of(case: Mapping[str, Any], **options: Any) -> dict[str, Any]:
    with attribute([{"id": "c1", **case}], **options) as connection:
        (row,) = rows(connection, "from attribution.commit_authorship")
    return row


@pytest.fixture(scope="module")
def exam() -> Exam:
    return sit(CASES)


def agrees(answer: Mapping[str, Any], expected: Mapping[str, Any]) -> bool:
    return all(
        answer[column] == (pytest.approx(value) if isinstance(value, float) else value)
        for column, value in expected.items()
    )


@pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])
def test_labelled_case(case: dict[str, Any], exam: Exam) -> None:
    is_missed = case.get("missed", False)
    assert exam.counts(case) == ((case["label"] == "positive") != is_missed)
    if "text" in case:
        return
    if case["label"] == "negative" and not is_missed:
        assert all(row["author_class"] != "not-evidence" for row in exam.matched(case))
    if "ruled_out" in case:
        assert [row["ruled_out_reason"] for row in exam.matched(case)] == [case["ruled_out"]]
    answer = exam.answers[case["id"]]
    assert agrees(answer, case["expect"]) != is_missed, (answer, case["expect"])


def test_every_rule_has_a_positive_and_a_negative_case() -> None:
    rules = {signal.id for signal in load_signals()}
    for label in ("positive", "negative"):
        assert rules - {case["rule"] for case in CASES if case["label"] == label} == set()
    assert {case["rule"] for case in CASES} <= rules


def test_the_page_tells_the_scores_of_the_exam(exam: Exam) -> None:
    text = report(exam)
    assert published(PAGE.read_text("utf-8")) == text, "python tests/authorship_exam.py --write"


def test_the_scores_fall_where_cases_come_out_wrong(exam: Exam) -> None:
    wrong = [case | {"label": "positive"} for case in CASES if case["label"] == "negative"]
    turned = score(Exam(wrong, exam.signals, exam.findings, exam.answers, exam.texts))
    recalls = [one.recall for one in turned.rules.values() if one.recall is not None]
    assert len(recalls) == len(exam.signals)
    assert max(recalls) < 0.5


def test_the_exam_is_large_and_at_least_half_of_it_is_tricky_negatives() -> None:
    ids = [case["id"] for case in CASES]
    negatives = [case for case in CASES if case["label"] == "negative"]
    assert len(ids) == len(set(ids)) >= 150
    assert len(negatives) * 2 >= len(ids)


def test_every_commit_has_one_row_and_shares_that_add_up(exam: Exam) -> None:
    authorship = list(exam.answers.values())
    assert sorted(row["commit_id"] for row in authorship) == sorted(case["id"] for case in COMMITS)
    for row in authorship:
        shares = [row[f"{heap}_share"] for heap in ("model", "human", "automation", "undeclared")]
        assert sum(shares) == pytest.approx(1.0)
        assert all(0.0 <= share <= 1.0 for share in shares)
        assert (row["tier"] == "none") == (row["signals"] == [])


def test_findings_that_are_ruled_out_say_why(exam: Exam) -> None:
    findings = [row for found in exam.findings.values() for row in found]
    assert findings
    assert all(row["ruled_out"] == (row["ruled_out_reason"] is not None) for row in findings)
    keys = [
        (
            *(row["commit_id"], row["signal_id"], row["place"], row["matched_text"], row["model"]),
            *(row["source"], row["author_class"], row["ruled_out"], row["path"], row["first_line"]),
        )
        for row in findings
    ]
    assert len(keys) == len(set(keys))


@pytest.mark.parametrize("name", SQL_FILES)
def test_every_table_and_column_has_a_comment(name: str) -> None:
    where = f"where schema_name = 'attribution' and table_name = '{name}'"
    of_view = where.replace("table_name", "view_name")
    with attribute([]) as connection:
        (table,) = rows(
            connection,
            f"select comment from duckdb_tables() {where} "
            f"union all select comment from duckdb_views() {of_view}",
        )
        columns = rows(connection, f"select column_name, comment from duckdb_columns() {where}")
    assert table["comment"].startswith("One row per ")
    assert [row["column_name"] for row in columns if not row["comment"]] == []


def test_a_commit_without_evidence_is_undeclared_and_never_human() -> None:
    row = authorship_of({"authored_at": LATELY})
    assert (row["undeclared_share"], row["human_share"], row["tier"]) == (1.0, 0.0, "none")


def test_a_commit_without_evidence_before_agents_is_human() -> None:
    row = authorship_of({"authored_at": LONG_AGO})
    assert (row["undeclared_share"], row["human_share"], row["tier"]) == (0.0, 1.0, "none")


@pytest.mark.parametrize("day", ["authored_at", "committed_at"])
def test_a_commit_is_before_agents_only_by_both_of_its_dates(day: str) -> None:
    row = authorship_of({"authored_at": LONG_AGO, "committed_at": LONG_AGO, day: LATELY})
    assert row["human_share"] == 0.0


def test_the_first_day_of_agents_is_not_before_them() -> None:
    day = datetime(2021, 6, 29, tzinfo=UTC)
    assert authorship_of({"authored_at": day})["undeclared_share"] == 1.0


def test_the_strongest_finding_decides_whatever_stands_first() -> None:
    review = "Co-authored-by: Copilot <175728472+Copilot@users.noreply.github.com>"
    row = authorship_of({"message": f"Guard the loop\n\n{review}\n{CLAUDE}"})
    assert (row["model_share"], row["agent"], row["tier"]) == (1.0, "Claude Code", "declared")
    assert row["signals"] == ["co-claude", "co-copilot-review"]


def test_the_tier_is_that_of_the_finding_that_sets_the_share() -> None:
    review = "Co-authored-by: Copilot <175728472+Copilot@users.noreply.github.com>"
    row = authorship_of({"message": f"Guard the loop\n\nGenerated with Claude Code\n\n{review}"})
    assert (row["model_share"], row["tier"]) == (1.0, "indicated")


def test_the_model_may_come_from_another_finding_on_the_same_agent() -> None:
    trailers = "Claude-Session: https://claude.ai/code/session_01\n" + CLAUDE.replace(
        "Claude <", "Claude Opus 4.6 <"
    )
    row = authorship_of(
        {"author": "Claude <noreply@anthropic.com>", "message": f"Guard the loop\n\n{trailers}"}
    )
    assert (row["agent"], row["model"]) == ("Claude Code", "Claude Opus 4.6")


def test_the_model_is_not_taken_from_another_agent() -> None:
    devin = "Devin <158243242+devin-ai-integration[bot]@users.noreply.github.com>"
    trailer = CLAUDE.replace("Claude <", "Claude Opus 4.6 <")
    row = authorship_of({"author": devin, "message": f"Guard the loop\n\n{trailer}"})
    assert (row["agent"], row["model"]) == ("Devin", None)


def test_weak_evidence_counts_unless_both_dates_lie_before_agents() -> None:
    case = {"message": "aider: Add the flag", "authored_at": LONG_AGO}
    assert authorship_of({**case, "committed_at": LATELY})["model_share"] == 1.0
    assert authorship_of(case)["model_share"] == 0.0


def test_a_subject_is_no_trailer() -> None:
    assert authorship_of({"message": CLAUDE})["model_share"] == 0.0


def test_equal_commits_of_two_repositories_are_two() -> None:
    case = {"id": "c1", "message": f"Guard the loop\n\n{CLAUDE}"}
    with attribute([case, {**case, "repository_id": "example/fork"}]) as connection:
        authorship = rows(connection, "from attribution.commit_authorship")
    assert [row["model_share"] for row in authorship] == [1.0, 1.0]


@pytest.mark.parametrize("message", ["", "\n\n", "one line", "\r\n> \r\n```"])
def test_bare_messages_are_attributed(message: str) -> None:
    assert authorship_of({"message": message})["undeclared_share"] == 1.0


def test_a_user_rule_for_people_gives_the_human_share() -> None:
    rule = {
        "id": "written-by-hand",
        "where": "trailer",
        "keys": ["written-by"],
        "pattern": "(?i)^hand$",
        "class": "human",
    }
    message = "Guard the loop\n\nWritten-by: hand"
    row = authorship_of({"message": message}, extra=[rule])
    assert (row["human_share"], row["tier"], row["agent"]) == (1.0, "declared", None)
    assert authorship_of({"message": f"{message}\n{CLAUDE}"}, extra=[rule])["human_share"] == 0.0


def test_a_user_rule_overrides_the_keys_that_it_gives() -> None:
    (rule,) = [
        signal
        for signal in load_signals([{"id": "co-claude", "weight": 0.5}])
        if signal.id == "co-claude"
    ]
    assert (rule.weight, rule.agent, rule.tier) == (0.5, "Claude Code", "declared")


def test_a_disabled_rule_is_gone() -> None:
    case = {"message": f"Guard the loop\n\n{CLAUDE}"}
    row = authorship_of(case, extra=[{"id": "co-claude", "disabled": True}])
    assert row["undeclared_share"] == 1.0


def test_the_frame_has_the_declared_schema_also_without_rules() -> None:
    signals = load_signals()
    frame = signals_frame(signals)
    assert frame.schema == signals_frame([]).schema == SIGNALS_SCHEMA
    assert frame["signal_id"].to_list() == [signal.id for signal in signals]


GOOD = {"id": "mine", "where": "subject", "agent": "Mine", "pattern": "^mine: "}


@pytest.mark.parametrize(
    ("change", "value", "problem"),
    [
        ({"id": "Not Kebab"}, "Not Kebab", "id missing or not usable"),
        ({"where": "diff"}, "diff", "where not known"),
        ({"class": "robot"}, "robot", "class not known"),
        ({"tier": "sure"}, "sure", "tier not known"),
        ({"weight": 0}, 0, "weight out of range"),
        ({"weight": 1.5}, 1.5, "weight out of range"),
        ({"weight": True}, True, "weight out of range"),
        ({"pattern": "mine(?=x)"}, "mine(?=x)", "pattern is not RE2"),
        ({"pattern": "(mine)"}, "(mine)", "pattern captures"),
        ({"pattern": "(?P<who>mine)"}, "(?P<who>mine)", "pattern captures"),
        ({"pattern": ""}, "", "pattern missing"),
        ({"agent": None}, None, "agent missing"),
        ({"class": "not-evidence"}, None, "reason missing"),
        ({"keys": ["x"]}, ["x"], "keys outside a trailer rule"),
        ({"where": "trailer"}, None, "keys is no list"),
        ({"where": "trailer", "keys": "reviewers"}, "reviewers", "unknown group"),
        ({"where": "trailer", "keys": ["Made-With"]}, ["Made-With"], "keys not usable"),
        ({"contains": ["Mine"]}, "Mine", "contains has capitals"),
        ({"contains": "mine"}, "mine", "contains is no list"),
        ({"fallback": "yes"}, "yes", "fallback is no truth value"),
        ({"seen": "yesterday"}, "yesterday", "seen is no date"),
        ({"seen": LATELY}, LATELY, "seen is no date"),
        ({"not_between": [{"from": date(2026, 1, 1)}]}, {"from": date(2026, 1, 1)}, "lacks a part"),
        ({"patern": "x"}, "patern", "unknown key"),
        ({"where": "name", "agent": "named"}, "model", "not a name rule"),
    ],
)
def test_a_faulty_rule_is_named_with_value_and_remedy(
    change: dict[str, object], value: object, problem: str
) -> None:
    with pytest.raises(SignalError, match=problem) as caught:
        load_signals([{**GOOD, **change}])
    assert caught.value.value == value
    assert caught.value.remedy in str(caught.value)
    assert caught.value.rule in ("mine", "number 1")


def test_a_window_must_not_end_before_it_begins() -> None:
    window = {"from": date(2026, 2, 1), "to": date(2026, 1, 1), "reason": "a fault"}
    with pytest.raises(SignalError, match="ends before it begins"):
        load_signals([{**GOOD, "not_between": [window]}])


def test_an_id_given_twice_and_an_unknown_id_to_disable_are_errors() -> None:
    with pytest.raises(SignalError, match="given twice"):
        load_signals([GOOD, GOOD])
    with pytest.raises(SignalError, match="no such rule to disable"):
        load_signals([{"id": "mine", "disabled": True}])


def test_brackets_and_escapes_are_not_taken_for_groups() -> None:
    pattern = r"^\(x\)[(][^]()][](](?:a)(?i:b)(?P<model>c)"
    signals = load_signals([{**GOOD, "pattern": pattern}])
    assert signals[-1].pattern == pattern
