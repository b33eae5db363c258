"""Rows of a large organisation, laid over those of `report_fixture`."""

from __future__ import annotations

from typing import Any

import report_fixture as fixture


def large(rows: fixture.Rows, agents: int = 30, teams: int = 12) -> fixture.Rows:
    """Tables of `rows` with so many agents and teams, and the ladder of every class and tier."""

    def of_teams(table: str) -> list[dict[str, Any]]:
        one = [row for row in rows[table] if row["scope_name"] == fixture.REPOSITORIES[0]]
        names = [f"Team of the harbour {n}" for n in range(teams)]
        return rows[table] + [
            r | {"scope": "team", "scope_name": name} for name in names for r in one
        ]

    ladder = [
        row
        for row in rows["success_ladder_quarterly"]
        if (row["author_class"], row["agent"], row["tier"]) == ("all", "all", "all")
    ]
    tiers = ("all", "trivial", "routine", "substantial", "open-ended", "not known")
    classes = ("all", "human", "model", "mixed", "automation", "undeclared")
    agent = [row for row in rows["agents_quarterly"] if row["agent"] == "Claude Code"]
    return {
        "multiples": of_teams("multiples"),
        "authorship_quarterly": of_teams("authorship_quarterly"),
        "agents_quarterly": [
            row
            | {"agent": f"Agent {n}", "share_of_code_lines": row["share_of_code_lines"] / agents}
            for n in range(agents)
            for row in agent
        ],
        "success_ladder_quarterly": [
            row | {"author_class": name, "tier": tier}
            for name in classes
            for tier in tiers
            for row in ladder
        ]
        + [
            row | {"author_class": "model", "agent": f"Agent {n}"}
            for n in range(agents)
            for row in ladder
        ],
    }
