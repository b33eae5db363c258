"""Rows of the marts on outcomes, pace and spread, for `report_fixture`."""

from datetime import date
from typing import Any

_SCOPE = "scope varchar, scope_name varchar, "
_QUARTER = "quarter_start date, quarter varchar, is_partial boolean, "
COLUMNS = {
    "success_ladder_quarterly": _SCOPE + "author_class varchar, agent varchar, tier varchar, "
    f"{_QUARTER}rung varchar, trials bigint, successes bigint, rate double, rate_low double, "
    "rate_high double, reason varchar",
    "revert_rates_quarterly": _SCOPE + f"author_class varchar, {_QUARTER}trials bigint, "
    "reverted bigint, revert_rate double, revert_rate_low double, revert_rate_high double, "
    "reason varchar",
    "time_to_merge_quarterly": _SCOPE + f"author_class varchar, {_QUARTER}pull_requests bigint, "
    "merged bigint, merged_1_day double, merged_7_days double, merged_30_days double, "
    "median_days double, median_days_low double, median_days_high double, reason varchar",
    "trends": _SCOPE + "measure varchar, grain varchar, with_partial boolean, points bigint, "
    "doubling_months double, doubling_low double, doubling_high double, quadratic_p double, "
    "acceleration_p double, preferred varchar, acceleration varchar, doubling_reason varchar, "
    "acceleration_reason varchar",
    "fixed_set_multiples": _SCOPE + "group_kind varchar, quarter_start date, members bigint, "
    "multiple double, multiple_low double, multiple_high double, reason varchar",
    "concentration_quarterly": _SCOPE + f"{_QUARTER}contributors bigint, "
    "top_contributors bigint, top_tenth_share double, gini double, "
    "effective_contributors double, reason varchar",
    "review_load_quarterly": _SCOPE + f"author_class varchar, {_QUARTER}"
    "merged_pull_requests bigint, told_pull_requests bigint, "
    "human_reviews_per_pull_request double, unreviewed_share double, "
    "no_human_review_share double, median_hours_to_review double, reason varchar",
}
_RUNGS = {"merged": 0.77, "not reverted": 0.74, "alive": 0.61}
_SCOPE_ROW = {"scope": "organisation", "scope_name": "Harbourlight"}


def outcomes(starts: list[date]) -> dict[str, list[dict[str, Any]]]:
    """Rows by table, for the quarters that begin at `starts`; the last is partial."""
    quarters = [
        _SCOPE_ROW
        | {
            "quarter_start": start,
            "quarter": f"{start.year}Q{(start.month + 2) // 3}",
            "is_partial": start == starts[-1],
        }
        for start in starts
    ]
    classes = ("all", "model")
    return {
        "success_ladder_quarterly": [
            _rung(quarter, name, agent, tier, rung, share)
            for quarter in quarters
            for name in classes
            for agent, tier in (("all", "all"), ("all", "trivial"), ("Codex", "all"))
            if agent == "all" or name == "model"
            for rung, share in _RUNGS.items()
        ],
        "revert_rates_quarterly": [
            quarter
            | {"author_class": name, "trials": 400, "reverted": 5, "revert_rate": 0.0125}
            | {"revert_rate_low": 0.004, "revert_rate_high": 0.029}
            for quarter in quarters
            for name in classes
        ],
        "time_to_merge_quarterly": [
            quarter
            | {"author_class": name, "pull_requests": 200, "merged": 150, "merged_1_day": 0.4}
            | {"merged_7_days": 0.66, "merged_30_days": 0.77, "median_days": 2.4}
            | {"median_days_low": 1.8, "median_days_high": 3.3}
            for quarter in quarters
            for name in classes
        ],
        "trends": [_trend("code_lines", 9.6), _trend("landed_changes", None)],
        "fixed_set_multiples": [
            {k: v for k, v in quarter.items() if k not in ("quarter", "is_partial")}
            | {"group_kind": kind, "members": 14, "multiple": 1.5 + at / 9}
            | {"multiple_low": 1.1, "multiple_high": 3.2}
            for kind in ("contributors", "repositories")
            for at, quarter in enumerate(quarters[12:])
        ],
        "concentration_quarterly": [
            quarter
            | {"contributors": 31, "top_contributors": 4, "top_tenth_share": 0.38, "gini": 0.5}
            | {"effective_contributors": 14.2}
            for quarter in quarters
        ],
        "review_load_quarterly": [
            quarter
            | {"author_class": "all", "merged_pull_requests": 160, "told_pull_requests": 160}
            | {"human_reviews_per_pull_request": 1.3, "unreviewed_share": 0.1}
            | {"no_human_review_share": 0.22, "median_hours_to_review": 5.5}
            for quarter in quarters
        ],
    }


def _rung(
    quarter: dict[str, Any], name: str, agent: str, tier: str, rung: str, share: float
) -> dict[str, Any]:
    judged = {
        "trials": 200,
        "successes": int(200 * share),
        "rate": share,
        "rate_low": share - 0.06,
        "rate_high": share + 0.05,
    }
    young = {"trials": 0, "reason": "no pull request is old enough"}
    told = young if quarter["is_partial"] else judged
    return quarter | {"author_class": name, "agent": agent, "tier": tier, "rung": rung} | told


def _trend(measure: str, doubling: float | None) -> dict[str, Any]:
    fitted = {
        "doubling_months": doubling,
        "doubling_low": 7.1,
        "doubling_high": 14.9,
        "quadratic_p": 0.31,
        "acceleration_p": 0.4,
        "preferred": "log-linear",
    }
    return (
        _SCOPE_ROW
        | {"measure": measure, "grain": "quarter", "with_partial": False, "points": 9}
        | {"acceleration": "not established", "acceleration_reason": "AICc prefers a steady pace"}
        | (fitted if doubling is not None else {"doubling_reason": "it does not grow"})
    )
