"""The headline numbers in a few lines, for the terminal, logs and the Prefect artifact."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from quarterdeck.sql.connect import connect_read_only

Row = Mapping[str, Any]

_HEADLINE = """
    select m.quarter, m.is_partial, m.multiple, m.multiple_low, m.multiple_high, m.reason,
        m.landed_changes, m.interval_contributors,
        a.model_share, a.model_share_low, a.undeclared_share,
        s.rate, s.rate_low, s.rate_high, s.merged, s.mature_pull_requests, s.baseline_rate
    from marts.multiples as m
    left join marts.authorship_quarterly as a using (scope, scope_name, quarter_start)
    left join marts.merge_success_quarterly as s
        on s.scope = m.scope and s.scope_name = m.scope_name
        and s.quarter_start = m.quarter_start and s.author_class = 'all'
    where m.scope = 'organisation' and m.measure = 'code_lines'
    order by m.quarter_start desc
    limit 2
"""


def headline(database: Path) -> dict[str, Any]:
    """The newest quarters of the organisation and what they rest on, as plain values.

    Returns:
        `facts` (the row of `marts.report_facts`), `quarters` (newest first, at most two) and
        `data_quality` (every row of it).
    """
    with connect_read_only(database) as connection:
        return {
            "facts": _rows(connection, "select * from marts.report_facts")[0],
            "quarters": _rows(connection, _HEADLINE),
            "data_quality": _rows(connection, "select * from marts.data_quality order by all"),
        }


def _rows(connection: Any, query: str) -> list[dict[str, Any]]:
    relation = connection.sql(query)
    return [dict(zip(relation.columns, row, strict=True)) for row in relation.fetchall()]


def summary_lines(database: Path) -> list[str]:
    """The headline numbers as sentences, newest quarter first."""
    found = headline(database)
    facts = found["facts"]
    lines = [
        f"{facts['organisation']}: {_count(facts['repositories'], 'repository', 'repositories')}, "
        f"{_count(facts['landed_changes'], 'landed change')}, "
        f"{_count(facts['contributors'], 'contributor')}, "
        f"data until {facts['cutoff_at']:%Y-%m-%d}"
    ]
    return lines + [_sentence(quarter, facts["baseline_label"]) for quarter in found["quarters"]]


def _count(number: int, one: str, many: str | None = None) -> str:
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def _sentence(quarter: Row, baseline: str | None) -> str:
    name = quarter["quarter"] + (" (partial)" if quarter["is_partial"] else "")
    return f"{name}: " + "; ".join(
        (_multiple(quarter, baseline), _model_share(quarter), _success(quarter))
    )


def _multiple(quarter: Row, baseline: str | None) -> str:
    if quarter["multiple"] is None:
        return f"no shipped-code multiple ({quarter['reason']})"
    interval = (
        f"95% interval {quarter['multiple_low']:.2f} to {quarter['multiple_high']:.2f}"
        if quarter["multiple_low"] is not None
        else f"no interval: {quarter['reason']}"
    )
    return f"shipped-code multiple {quarter['multiple']:.2f}x of {baseline} ({interval})"


def _model_share(quarter: Row) -> str:
    if quarter["model_share"] is None:
        return "no code lines landed"
    share, undeclared = quarter["model_share"], quarter["undeclared_share"]
    return f"model share {share:.1%} with {undeclared:.1%} undeclared"


def _success(quarter: Row) -> str:
    if quarter["rate"] is None:
        return "no merge success rate yet"
    against = (
        f", baseline {quarter['baseline_rate']:.1%}" if quarter["baseline_rate"] is not None else ""
    )
    return (
        f"merge success {quarter['rate']:.1%} ({quarter['merged']:,} of "
        f"{quarter['mature_pull_requests']:,}; 95% {quarter['rate_low']:.1%} to "
        f"{quarter['rate_high']:.1%}{against})"
    )


def summary_markdown(database: Path) -> str:
    """The headline numbers as Markdown."""
    return "\n".join(f"- {markdown_text(line)}" for line in summary_lines(database)) + "\n"


def data_quality_table(database: Path) -> list[dict[str, Any]]:
    """Every row of `marts.data_quality`: repository, issue, affected, out of, detail."""
    return [
        {
            "repository": row["repository_id"] or "settings",
            "issue": row["issue"],
            "affected": row["affected"],
            "out of": row["total"],
            "detail": row["detail"],
        }
        for row in headline(database)["data_quality"]
    ]


def markdown_text(text: str) -> str:
    """Text in which no character means something to Markdown or HTML."""
    return re.sub(r"([\\`*_{}\[\]<>#|!&])", r"\\\1", " ".join(text.split()))
