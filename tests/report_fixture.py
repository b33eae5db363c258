"""A database with the marts that the report reads, filled with rows of an invented organisation.

`COLUMNS` is what the report relies on. `build(path, rows)` makes a database from rows by table;
to test against the true marts, run their SQL into a database and skip `build`.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
from outcome_fixture import COLUMNS as OUTCOME_COLUMNS
from outcome_fixture import outcomes

Rows = dict[str, list[dict[str, Any]]]
#: Charts of the report on `organisation()`.
CHARTS = 53

_SCOPE = "scope varchar, scope_name varchar, "
COLUMNS = {
    "multiples": _SCOPE + "measure varchar, quarter_start date, quarter varchar, "
    "is_partial boolean, is_baseline boolean, days integer, landed_changes bigint, total double, "
    "uncapped_total double, cap_lines double, active_contributors double, bar double, "
    "baseline_bar double, multiple double, multiple_low double, multiple_high double, "
    "multiple_low_log_t double, multiple_high_log_t double, interval_contributors bigint, "
    "reason varchar",
    "authorship_quarterly": _SCOPE + "quarter_start date, quarter varchar, is_partial boolean, "
    "code_lines double, model_lines double, human_lines double, automation_lines double, "
    "undeclared_lines double, attested_lines double, declared_lines double, "
    "indicated_lines double, model_share double, model_share_low double, human_share double, "
    "automation_share double, undeclared_share double, landed_changes bigint, "
    "model_changes bigint",
    "agents_quarterly": _SCOPE + "quarter_start date, agent varchar, quarter varchar, "
    "model_lines double, share_of_code_lines double, landed_changes bigint",
    "merge_success_quarterly": _SCOPE + "author_class varchar, quarter_start date, "
    "quarter varchar, is_partial boolean, is_baseline boolean, pull_requests bigint, "
    "mature_pull_requests bigint, merged bigint, rate double, rate_low double, "
    "rate_high double, baseline_rate double, change_points double, reason varchar",
    "file_classes_quarterly": _SCOPE + "quarter_start date, quarter varchar, class varchar, "
    "added_lines bigint, deleted_lines bigint, files bigint",
    "languages_quarterly": _SCOPE + "quarter_start date, quarter varchar, language varchar, "
    "added_lines bigint, share double",
    "survival_curves": _SCOPE + "author_class varchar, matched_with varchar, age_days integer, "
    "lines double, landed_changes bigint, contributors bigint, at_risk double, survival double, "
    "survival_low double, survival_high double, half_life_days double, reason varchar",
    "survival_cohorts": _SCOPE + "author_class varchar, quarter_start date, quarter varchar, "
    "is_partial boolean, landed_changes bigint, code_lines double, followed_share double, "
    "lines_written double, churn14 double, churn30 double, alive_share_30_days double, "
    "alive_share_90_days double, reason_14_days varchar, reason_30_days varchar, "
    "reason_90_days varchar",
    "repositories": "repository_id varchar, path varchar, default_branch varchar, "
    "tip_commit_id varchar, landed_changes bigint, first_landed_at timestamp, "
    "last_landed_at timestamp, code_lines bigint, contributors bigint, is_shallow boolean, "
    "missing_files bigint, pull_requests bigint, mined_at timestamp, status varchar, "
    "problem varchar",
    "model_coverage": _SCOPE + "quarter_start date, quarter varchar, is_partial boolean, "
    "repositories bigint, seen bigint, estimate double, estimate_low double, "
    "estimate_high double, coverage double, reason varchar",
    "data_quality": "repository_id varchar, issue varchar, affected bigint, total bigint, "
    "share double, detail varchar",
    "report_facts": "organisation varchar, cutoff_at timestamptz, first_quarter varchar, "
    "last_quarter varchar, last_whole_quarter varchar, baseline_label varchar, "
    "baseline_quarters integer, preset varchar, repositories bigint, landed_changes bigint, "
    "contributors bigint, quarterdeck_version varchar, settings_json varchar",
    **OUTCOME_COLUMNS,
}

MEASURES = {
    "code_lines": (1.0, [1.2, 1.3, 1.4, 1.6, 1.9, 2.1, 2.6, 3.1, 3.4, 3.9]),
    "landed_changes": (1.0, [1.0, 1.1, 1.1, 1.3, 1.4, 1.5, 1.7, 1.9, 2.1, 2.2]),
    "merged_pull_requests": (1.0, [1.0, 1.0, 1.1, 1.2, 1.3, 1.5, 1.6, 1.8, 1.9, 2.0]),
    "net_lines": (1.0, [1.1, 1.2, 1.2, 1.3, 1.5, 1.6, 1.8, 1.7, 1.8, 1.6]),
}
_WIGGLE = [0.94, 1.05, 1.01, 0.97, 1.08, 0.93, 1.02, 1.06, 0.9, 0.99, 1.04, 1.01]
AGENTS = {
    "Claude Code": [0.01, 0.03, 0.05, 0.08, 0.12, 0.15, 0.19, 0.24, 0.27, 0.29],
    "GitHub Copilot": [0.03, 0.05, 0.06, 0.06, 0.07, 0.08, 0.08, 0.07, 0.07, 0.06],
    "Codex": [0, 0, 0, 0.01, 0.02, 0.05, 0.07, 0.08, 0.1, 0.12],
    "Cursor": [0, 0, 0.01, 0.02, 0.03, 0.03, 0.04, 0.04, 0.03, 0.03],
    "Devin": [0, 0, 0, 0, 0.01, 0.01, 0.02, 0.01, 0.01, 0.01],
}
REPOSITORIES = ["harbour-api", "harbour-web", "tide-tables"]


def quarter_starts(baseline: int = 12, later: int = 10) -> list[date]:
    """First days of the quarters, the last being the one of 2026-11-14."""
    count = baseline + later
    index = 2026 * 4 + 3 - (count - 1)
    return [date((index + i) // 4, (index + i) % 4 * 3 + 1, 1) for i in range(count)]


def quarter_name(start: date) -> str:
    return f"{start.year}Q{(start.month + 2) // 3}"


def organisation(baseline: int = 12, later: int = 10) -> Rows:
    """Rows of three repositories: `baseline` quarters, then `later` ones, the last partial."""
    starts = quarter_starts(baseline, later)
    scopes = [("organisation", "Harbourlight"), *(("repository", r) for r in REPOSITORIES)]
    return {
        "multiples": [
            row
            for at, scope in enumerate(scopes)
            for row in _multiples(scope, at, starts, baseline)
        ],
        "authorship_quarterly": [
            _authorship(scope, i, s, starts) for scope in scopes for i, s in enumerate(starts)
        ],
        "agents_quarterly": _agents(scopes[0], starts, baseline),
        "merge_success_quarterly": [
            _merges(scopes[0], cls, i, start, starts, baseline)
            for cls in ("all", "model", "human", "automation", "undeclared", "mixed")
            for i, start in enumerate(starts)
        ],
        "file_classes_quarterly": _file_classes(scopes[0], starts),
        "languages_quarterly": [
            _tags(scopes[0], start)
            | {"language": name, "added_lines": int(40_000 * share), "share": share}
            for start in starts
            for name, share in (("Python", 0.62), ("TypeScript", 0.3), ("Go", 0.08))
        ],
        "survival_curves": _survival(scopes[0]),
        "survival_cohorts": [
            _cohort(scopes[0], cls, i, start, starts)
            for cls in ("all", "model", "human", "undeclared")
            for i, start in enumerate(starts)
        ],
        "repositories": [_repository(i, name) for i, name in enumerate(REPOSITORIES)],
        "model_coverage": [_coverage(scopes[0], start) for start in starts],
        "data_quality": _data_quality(),
        "report_facts": [_facts(starts, baseline)],
        **outcomes(starts),
    }


def _tags(scope: tuple[str, str], start: date) -> dict[str, Any]:
    return {
        "scope": scope[0],
        "scope_name": scope[1],
        "quarter_start": start,
        "quarter": quarter_name(start),
    }


def _coverage(scope: tuple[str, str], start: date) -> dict[str, Any]:
    told = {
        "repositories": 2,
        "seen": 90,
        "estimate": 120.4,
        "estimate_low": 104.0,
        "estimate_high": 151.5,
    }
    reason = {"reason": "one channel only: identities and trailers; no line-level records"}
    is_told = start >= date(2026, 1, 1)
    return (
        _tags(scope, start)
        | {"is_partial": start >= date(2026, 10, 1)}
        | (told | {"coverage": 90 / 120.4} if is_told else reason)
    )


def _later(series: list[float], i: int, count: int) -> float | None:
    """The value for quarter i of count, series being aligned to the end; None before it."""
    at = len(series) - (count - i)
    return series[at] if at >= 0 else None


def _multiples(
    scope: tuple[str, str], at: int, starts: list[date], baseline: int
) -> list[dict[str, Any]]:
    rows = []
    for measure, (level, series) in MEASURES.items():
        for i, start in enumerate(starts):
            value = _later(series, i, len(starts)) if i >= baseline else None
            value = value if value is not None else level * _WIGGLE[i % len(_WIGGLE)]
            if at:
                value = value * (0.7 + 0.2 * at)
            partial = start == starts[-1]
            bounded = at != 3
            rows.append(
                _tags(scope, start)
                | {
                    "measure": measure,
                    "is_partial": partial,
                    "is_baseline": i < baseline,
                    "days": 45 if partial else 91,
                    "landed_changes": 210 + 31 * i,
                    "total": 40_000.0 * value,
                    "uncapped_total": 52_000.0 * value,
                    "cap_lines": 1_870.0,
                    "active_contributors": 24.0 + i / 2,
                    "bar": 18.4 * value,
                    "baseline_bar": 18.4,
                    "multiple": value,
                    "multiple_low": value * 0.8 if bounded else None,
                    "multiple_high": value * 1.27 if bounded else None,
                    "multiple_low_log_t": value * 0.78 if bounded else None,
                    "multiple_high_log_t": value * 1.3 if bounded else None,
                    "interval_contributors": 31 if bounded else 6,
                    "reason": None if bounded else "no interval: fewer than 8 contributors",
                }
            )
    return rows


def _authorship(scope: tuple[str, str], i: int, start: date, starts: list[date]) -> dict[str, Any]:
    lines = 48_000.0 + 6_300 * i
    model = sum(_later(series, i, len(starts)) or 0.0 for series in AGENTS.values())
    automation = 0.03
    undeclared = 0.0 if start < date(2021, 7, 1) else 0.16 if model else 0.1
    human = 1 - model - automation - undeclared
    return _tags(scope, start) | {
        "is_partial": start == starts[-1],
        "code_lines": lines,
        "model_lines": model * lines,
        "human_lines": human * lines,
        "automation_lines": automation * lines,
        "undeclared_lines": undeclared * lines,
        "attested_lines": 0.12 * model * lines,
        "declared_lines": 0.7 * model * lines,
        "indicated_lines": 0.18 * model * lines,
        "model_share": model,
        "model_share_low": 0.82 * model,
        "human_share": human,
        "automation_share": automation,
        "undeclared_share": undeclared,
        "landed_changes": 210 + 31 * i,
        "model_changes": int((210 + 31 * i) * model),
    }


def _agents(scope: tuple[str, str], starts: list[date], baseline: int) -> list[dict[str, Any]]:
    return [
        _tags(scope, start)
        | {
            "agent": agent,
            "model_lines": share * 100_000,
            "share_of_code_lines": share,
            "landed_changes": int(share * 800),
        }
        for agent, series in AGENTS.items()
        for i, start in enumerate(starts)
        if i >= baseline and (share := _later(series, i, len(starts)) or 0.0) > 0
    ]


def _merges(
    scope: tuple[str, str], cls: str, i: int, start: date, starts: list[date], baseline: int
) -> dict[str, Any]:
    sizes = {"all": 180, "model": 40, "human": 105, "automation": 14, "undeclared": 12, "mixed": 9}
    rates = {"all": 75, "model": 64, "human": 79, "automation": 83, "undeclared": 70, "mixed": 71}
    late = i - baseline
    counted = sizes[cls] + 4 * max(late, 0) if not (cls in ("model", "mixed") and late < 3) else 0
    partial = start == starts[-1]
    mature = counted // 3 if partial else counted
    merged = mature * (rates[cls] + (late if cls == "model" else i % 3)) // 100
    rate = merged / mature if mature else None
    base = rates[cls] / 100 if cls not in ("model", "mixed") else None
    return _tags(scope, start) | {
        "author_class": cls,
        "is_partial": partial,
        "is_baseline": i < baseline,
        "pull_requests": counted,
        "mature_pull_requests": mature,
        "merged": merged,
        "rate": rate,
        "rate_low": max(rate - 0.9 / mature**0.5, 0) if rate is not None else None,
        "rate_high": min(rate + 0.8 / mature**0.5, 1) if rate is not None else None,
        "baseline_rate": base,
        "change_points": 100 * (rate - base) if rate is not None and base is not None else None,
        "reason": None if mature else "no pull request is old enough to judge",
    }


def _file_classes(scope: tuple[str, str], starts: list[date]) -> list[dict[str, Any]]:
    sizes = {
        "source": 52, "test": 24, "generated": 9, "docs": 6,
        "config": 4, "lockfile": 3, "data": 2, "vendored": 1,
    }  # fmt: skip
    return [
        _tags(scope, start)
        | {
            "class": name,
            "added_lines": size * (700 + 90 * i),
            "deleted_lines": size * (300 + 40 * i),
            "files": size * 9,
        }
        for i, start in enumerate(starts)
        for name, size in sizes.items()
    ]


AGES = (0, 7, 14, 30, 60, 90, 180, 365, 730, 1095, 1461, 1826, 2557, 3652)


def _survival(scope: tuple[str, str]) -> list[dict[str, Any]]:
    curves = [
        ("all", None, 0.9, 41), ("human", None, 0.92, 36), ("model", None, 0.85, 29),
        ("undeclared", None, 0.9, 5), ("model", "undeclared", 0.85, 29),
        ("undeclared", "model", 0.88, 5), ("model", "human", 0.85, 29),
        ("human", "model", 0.86, 30),
    ]  # fmt: skip
    last = {"all": 1826, "human": 1826}
    rows = []
    for name, other, at_90, people in curves:
        for age in AGES:
            known = age <= last.get(name, 730)
            value = at_90 ** ((age / 90) ** 0.5) if known else None
            bounded = value is not None and people >= 8 and age > 0
            rows.append(
                {
                    "scope": scope[0],
                    "scope_name": scope[1],
                    "author_class": name,
                    "matched_with": other,
                    "age_days": age,
                    "lines": 410_000.0,
                    "landed_changes": 9_100,
                    "contributors": people,
                    "at_risk": 410_000.0 / (1 + age / 90) if known else 0.0,
                    "survival": value,
                    "survival_low": value - 0.03 if bounded and value else None,
                    "survival_high": value + 0.02 if bounded and value else None,
                    "half_life_days": 1_204.0 if name in last else None,
                    "reason": None if bounded else "no line was followed that long",
                }
            )
    return rows


def _cohort(
    scope: tuple[str, str], cls: str, i: int, start: date, starts: list[date]
) -> dict[str, Any]:
    young = len(starts) - i <= 1
    churn = {"all": 0.06, "model": 0.09, "human": 0.05, "undeclared": 0.07}[cls] + 0.004 * (i % 3)
    return _tags(scope, start) | {
        "author_class": cls,
        "is_partial": start == starts[-1],
        "landed_changes": 210 + 31 * i,
        "code_lines": 48_000.0,
        "followed_share": 1.0,
        "lines_written": 45_000.0,
        "churn14": None if young else churn - 0.02,
        "churn30": None if young else churn,
        "alive_share_30_days": None if young else 1 - churn,
        "alive_share_90_days": None if young else 0.97 - churn,
        "reason_14_days": "not yet 14 days old at the cut-off" if young else None,
        "reason_30_days": "not yet 30 days old at the cut-off" if young else None,
        "reason_90_days": "not yet 90 days old at the cut-off" if young else None,
    }


def _repository(i: int, name: str) -> dict[str, Any]:
    stale = i == 2
    return {
        "repository_id": name,
        "path": f"/clones/{name}",
        "default_branch": "main",
        "tip_commit_id": f"{i + 1}f" * 20,
        "landed_changes": 6_200 - 1_900 * i,
        "first_landed_at": datetime(2019, 3, 4, 9, 0),
        "last_landed_at": datetime(2026, 11, 13 - 5 * i, 16, 20),
        "code_lines": 910_000 - 260_000 * i,
        "contributors": 34 - 11 * i,
        "is_shallow": False,
        "missing_files": 12 * i,
        "pull_requests": 4_100 - 1_500 * i,
        "mined_at": datetime(2026, 11, 14, 11, 58),
        "status": "stale" if stale else "fresh",
        "problem": "the remote did not answer" if stale else None,
    }


def _data_quality() -> list[dict[str, Any]]:
    issues = [
        ("harbour-web", "files_without_line_counts", 12, 60_400, "blobs missing in the clone"),
        ("tide-tables", "files_without_line_counts", 24, 18_100, "blobs missing in the clone"),
        ("harbour-api", "landed_changes_without_pull_request", 310, 6_200, "no number, no ref"),
        ("harbour-api", "timestamps_out_of_range", 0, 6_200, "before 1971 or in the future"),
    ]
    return [
        {"repository_id": r, "issue": i, "affected": a, "total": t, "share": a / t, "detail": d}
        for r, i, a, t, d in issues
    ]


def _facts(starts: list[date], baseline: int) -> dict[str, Any]:
    names = [quarter_name(start) for start in starts]
    return {
        "organisation": "Harbourlight",
        "cutoff_at": datetime(2026, 11, 14, 12, 0, tzinfo=UTC),
        "first_quarter": names[0],
        "last_quarter": names[-1],
        "last_whole_quarter": names[-2] if len(names) > 1 else None,
        "baseline_label": f"{names[0]} to {names[baseline - 1]}" if baseline else None,
        "baseline_quarters": baseline,
        "preset": "anthropic-2026",
        "repositories": 3,
        "landed_changes": 12_900,
        "contributors": 41,
        "quarterdeck_version": "0.1.0",
        "settings_json": json.dumps(
            {
                "preset": "anthropic-2026",
                "baseline": {"from": "2021-07-01", "to": "2024-06-30"},
                "agents_since": "2021-06-29",
                "time_zone": "UTC",
                "identities": [{"name": "Ingrid Example", "emails": ["ingrid@harbour.test"]}],
            }
        ),
    }


def build(path: Path, rows: Rows) -> Path:
    """Write a database with every table of `COLUMNS`, holding `rows`."""
    with duckdb.connect(str(path)) as connection:
        connection.execute("begin")
        connection.execute("create schema marts")
        for table, columns in COLUMNS.items():
            connection.execute(f"create table marts.{table} ({columns})")
            if rows.get(table):
                frame = pl.DataFrame(rows[table], infer_schema_length=None)
                connection.register("frame", frame)
                connection.execute(f"insert into marts.{table} by name select * from frame")
        connection.execute("commit")
    return path


def changed(rows: Rows, table: str, change: Callable[[dict[str, Any]], dict[str, Any]]) -> Rows:
    """Return `rows` with `change(row)` laid over each row of `table`."""
    return rows | {table: [row | change(row) for row in rows[table]]}
