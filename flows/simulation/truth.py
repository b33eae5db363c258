"""The truth as tables, one CSV each, from the books of the simulation alone.

| table | one row per |
| --- | --- |
| `multiples` | quarter: the multiple that was planted, the one that came out, its parts |
| `model_share` | quarter: code lines, what models wrote of them, what their marks show |
| `coverage` | quarter, in repositories with notes: agents' commits by the marks that they kept |
| `success` | author and quarter of opening: pull requests and how they ended |
| `contributors` | contributor and address |
| `landed_lines` | repository, quarter and file class: added and deleted lines |
| `landed_changes` | repository and quarter: landed changes, their kinds, code lines |
| `changes` | landed change |
| `agents` | agent: since when, and how many of its commits kept which mark |
"""

import csv
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from quarterdeck.flows.simulation import agents, timeline
from quarterdeck.flows.simulation.books import Books, Landing
from quarterdeck.flows.simulation.measuring import Change, active_by_day, bar_of, baseline_bar
from quarterdeck.flows.simulation.messages import OWNER
from quarterdeck.flows.simulation.people import Person

Row = dict[str, Any]
Table = list[Row]


def tables(
    books: Books, people: Sequence[Person], ids: Mapping[str, Mapping[int, str]]
) -> dict[str, Table]:
    """Every table of the truth, by name."""
    return {
        "multiples": multiples(books.landings),
        "model_share": model_share(books.landings),
        "coverage": coverage(books.landings),
        "success": success(books),
        "contributors": contributors(books, people),
        "landed_lines": landed_lines(books.landings),
        "landed_changes": landed_changes(books.landings),
        "changes": changes(books.landings, ids),
        "agents": by_agent(books),
    }


def write(path: Path, table: Table) -> None:
    """Write a table as CSV; what is not known is empty."""
    with path.open("w", encoding="utf-8", newline="") as target:
        writer = csv.DictWriter(target, list(table[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(table)


def multiples(landings: Sequence[Landing]) -> Table:
    """The planted multiple, and the one by the definition from what was written."""
    landed = [Change(item.at.date(), item.code_lines, item.people) for item in landings]
    active = active_by_day(landed)
    baseline = baseline_bar(landed, active)
    table = []
    for quarter in timeline.quarters():
        bar = bar_of(quarter, landed, active)
        if bar is None:
            continue
        table.append(
            {
                "quarter": quarter,
                "planted": timeline.MULTIPLES.get(quarter),
                "multiple": bar.bar / baseline,
                "bar": bar.bar,
                "baseline_bar": baseline,
                "active_contributors": bar.active,
                "cap_lines": bar.cap,
                "capped_lines": bar.total,
            }
        )
    return table


def model_share(landings: Sequence[Landing]) -> Table:
    """Code lines by quarter of landing, and what models wrote of them."""
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for landing in landings:
        counts = found[landing.quarter]
        for part in landing.parts:
            lines, marks = part.code_lines, part.marks
            counts["code_lines"] += lines
            # in hundredths of a line, so that sums are exact
            for name in ("model", "attested", "declared", "indicated"):
                counts[name] += round(100 * lines * getattr(marks, name))
    return [
        {
            "quarter": quarter,
            "code_lines": counts["code_lines"],
            **{
                f"{name}_lines": counts[name] / 100
                for name in ("model", "attested", "declared", "indicated")
            },
            "model_share": counts["model"] / 100 / counts["code_lines"],
        }
        for quarter, counts in sorted(found.items())
    ]


def coverage(landings: Sequence[Landing]) -> Table:
    """Commits that landed where notes are written, since they are, by the marks that they kept."""
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for landing in landings:
        if not landing.has_notes or landing.at.date() < agents.NOTES_FROM:
            continue
        counts = found[landing.quarter]
        for part in landing.parts:
            counts["commits"] += 1
            counts["agent_commits"] += part.is_agent
            counts["declared"] += part.is_declared
            counts["attested"] += part.is_noted
            counts["in_both"] += part.is_declared and part.is_noted
    names = ("commits", "agent_commits", "declared", "attested", "in_both")
    return [{"quarter": q, **{n: c[n] for n in names}} for q, c in sorted(found.items())]


def success(books: Books) -> Table:
    """Pull requests by who wrote them and the quarter of opening.

    `seen_*` count those of the agents whose marks show it, by most of their commits.
    """
    found: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for ending in books.endings:
        counts = found[ending.author, ending.quarter]
        for seen in ("", "seen_") if ending.seen_as_model else ("",):
            counts[seen + "opened"] += 1
            if ending.is_mature:
                counts[seen + "mature"] += 1
                counts[seen + "merged"] += ending.is_merged
                counts[seen + "reverted"] += ending.is_merged and ending.is_reverted
    names = ("opened", "mature", "merged", "reverted")
    return [
        {
            "author": author,
            "quarter": quarter,
            "planted": timeline.SUCCESS.get(quarter) if author == "agent" else None,
            **{name: counts[name] for name in names},
            "success": _rate(counts["merged"] - counts["reverted"], counts["mature"]),
            **{f"seen_{name}": counts[f"seen_{name}"] for name in names},
        }
        for (author, quarter), counts in sorted(found.items())
    ]


def _rate(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def contributors(books: Books, people: Sequence[Person]) -> Table:
    """Every address that somebody committed with."""
    landed: Counter[str] = Counter()
    for landing in books.landings:
        landed.update(landing.people)
    return [
        {
            "contributor": person.key,
            "name": address.name,
            "address": address.email,
            "landed_changes": landed[person.key],
        }
        for person in sorted(people, key=lambda person: person.key)
        for address in sorted(books.addresses.get(person.key, ()), key=str)
    ]


def landed_lines(landings: Sequence[Landing]) -> Table:
    """Lines by repository, quarter and file class."""
    added: Counter[tuple[str, str, str]] = Counter()
    deleted: Counter[tuple[str, str, str]] = Counter()
    for landing in landings:
        for kind in {*landing.added, *landing.deleted}:
            key = (landing.repository, landing.quarter, kind)
            added[key] += landing.added[kind]
            deleted[key] += landing.deleted[kind]
    return [
        {
            "repository": f"{OWNER}/{key[0]}",
            "quarter": key[1],
            "file_class": key[2],
            "added_lines": added[key],
            "deleted_lines": deleted[key],
        }
        for key in sorted(added.keys() | deleted.keys())
    ]


def landed_changes(landings: Sequence[Landing]) -> Table:
    """Landed changes by repository and quarter."""
    found: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for landing in landings:
        counts = found[landing.repository, landing.quarter]
        counts["landed"] += 1
        counts[landing.kind] += 1
        counts["pulls"] += landing.pulls
        counts["code_lines"] += landing.code_lines
    return [
        {
            "repository": f"{OWNER}/{repository}",
            "quarter": quarter,
            "landed_changes": counts["landed"],
            "merges": counts["merge"],
            "pull_requests": counts["pulls"],
            "code_lines": counts["code_lines"],
        }
        for (repository, quarter), counts in sorted(found.items())
    ]


def changes(landings: Sequence[Landing], ids: Mapping[str, Mapping[int, str]]) -> Table:
    """Every landed change."""
    return [
        {
            "repository": f"{OWNER}/{landing.repository}",
            "commit_id": ids[landing.repository][landing.mark],
            "day": landing.at.date().isoformat(),
            "added_lines": landing.added.total(),
            "deleted_lines": landing.deleted.total(),
            "code_lines": landing.code_lines,
            "model_lines": round(sum(p.code_lines * p.marks.model for p in landing.parts), 6),
            "seen_lines": round(sum(p.code_lines * p.marks.seen for p in landing.parts), 6),
        }
        for landing in landings
    ]


def by_agent(books: Books) -> Table:
    """The agents, with how many of their commits kept which mark; copies by rebase count once."""
    return [
        {
            "agent": agent.name,
            "first_day": agent.first_day.isoformat(),
            "mark": "author" if agent.author is not None else "trailer",
            "planted_kept": agent.kept,
            "commits": books.by_agent[agent.name]["commits"],
            "declared": books.by_agent[agent.name]["declared"],
            "text": books.by_agent[agent.name]["text"],
            "noted": books.by_agent[agent.name]["noted"],
        }
        for agent in agents.AGENTS
        if agent.name in books.by_agent
    ]
