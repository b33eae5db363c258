"""The simulated organisation through the whole pipeline, beside its truth.

python -m benchmarks.truth [small|full] [SEED]

Writes the organisation into a temporary folder, runs `mine` and `build` on it, and prints as
Markdown what came out beside what is true.
"""

import csv
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

import duckdb

from quarterdeck.flows.demo import write_organisation
from quarterdeck.flows.pipeline import mine, update_database
from quarterdeck.flows.settings import load_settings
from quarterdeck.sql.connect import connect_read_only

_ORGANISATION = "scope = 'organisation'"


def main(arguments: Sequence[str]) -> int:
    """Write, run and compare; the exit code is 2 for arguments that are none."""
    size = arguments[0] if arguments else "full"
    seed = int(arguments[1]) if len(arguments) > 1 else 2026
    if size not in ("small", "full"):
        print(__doc__)
        return 2
    with tempfile.TemporaryDirectory(prefix="quarterdeck-truth-") as folder:
        start = time.perf_counter()
        made = write_organisation(Path(folder) / "organisation", size, seed)
        print(f"wrote {made.commits:,} commits in {time.perf_counter() - start:.0f} s; ", end="")
        start = time.perf_counter()
        settings = load_settings(made.settings)
        mine(settings)
        update_database(settings)
        print(f"mined, built and estimated in {time.perf_counter() - start:.0f} s\n")
        with connect_read_only(settings.database) as marts:
            _exact(marts, made.truth)
            _multiples(marts, made.truth)
            _model_share(marts, made.truth)
            _coverage(marts, made.truth)
            _success(marts, made.truth)
    return 0


def _truth(folder: Path, table: str) -> list[dict[str, str]]:
    with (folder / f"{table}.csv").open(encoding="utf-8", newline="") as source:
        return list(csv.DictReader(source))


def _print(header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    print("| " + " | ".join(header) + " |")
    print("| --- |" + " ---: |" * (len(header) - 1))
    for row in rows:
        print("| " + " | ".join(row) + " |")
    print()


def _exact(marts: duckdb.DuckDBPyConnection, folder: Path) -> None:
    """What has to be equal, with how much of it is."""
    changes = {(row["repository"], row["commit_id"]): row for row in _truth(folder, "changes")}
    found = marts.sql(
        "select repository_id, commit_id, added_lines, deleted_lines, code_lines "
        "from marts.landed_changes"
    ).fetchall()
    equal = sum(
        (str(added), str(deleted), str(code))
        == (row["added_lines"], row["deleted_lines"], row["code_lines"])
        for repository, commit, added, deleted, code in found
        if (row := changes.get((repository, commit)))
    )
    people: dict[str, set[str]] = {}
    for row in _truth(folder, "contributors"):
        people.setdefault(row["contributor"], set()).add(row["address"].lower())
    resolved: dict[str, set[str]] = {}
    for contributor, address in marts.sql(
        "select contributor_id, lower(email) from attribution.identities where not is_agent"
    ).fetchall():
        resolved.setdefault(contributor, set()).add(address)
    same = sum(addresses in people.values() for addresses in resolved.values())
    rows = [
        ("landed changes", f"{len(changes):,}", f"{len(found):,}", f"{equal:,}"),
        ("contributors", str(len(people)), str(len(resolved)), str(same)),
    ]
    _print(("", "true", "found", "equal"), rows)


def _multiples(marts: duckdb.DuckDBPyConnection, folder: Path) -> None:
    told = {row["quarter"]: row for row in _truth(folder, "multiples")}
    found = marts.sql(
        "select quarter, multiple, multiple_low, multiple_high, multiple_low_log_t, "
        "multiple_high_log_t from marts.multiples "
        f"where {_ORGANISATION} and measure = 'code_lines' order by quarter"
    ).fetchall()
    _print(
        ("quarter", "planted", "as written", "found", "95% interval", "log-t interval"),
        (
            (
                quarter,
                told[quarter]["planted"],
                f"{float(told[quarter]['multiple']):.3f}",
                f"{multiple:.3f}",
                f"{low:.2f} to {high:.2f}",
                f"{low_t:.2f} to {high_t:.2f}",
            )
            for quarter, multiple, low, high, low_t, high_t in found
            if told[quarter]["planted"]
        ),
    )


def _model_share(marts: duckdb.DuckDBPyConnection, folder: Path) -> None:
    told = {row["quarter"]: row for row in _truth(folder, "model_share")}
    found = marts.sql(
        "select quarter, model_share_low, model_share, model_share_high "
        f"from marts.authorship_quarterly where {_ORGANISATION} and quarter >= '2025Q1' "
        "order by quarter"
    ).fetchall()
    _print(
        ("quarter", "true share", "lower bound", "all evidence", "upper bound"),
        (
            (row[0], *(f"{100 * x:.1f}%" for x in (float(told[row[0]]["model_share"]), *row[1:])))
            for row in found
        ),
    )


def _coverage(marts: duckdb.DuckDBPyConnection, folder: Path) -> None:
    told = {row["quarter"]: row for row in _truth(folder, "coverage")}
    found = marts.sql(
        "select quarter, seen, estimate, estimate_low, estimate_high, declared_coverage "
        f"from marts.model_coverage where {_ORGANISATION} and estimate is not null "
        "order by quarter"
    ).fetchall()
    _print(
        ("quarter", "agents' commits", "seen", "estimate", "95% interval", "kept", "estimated"),
        (
            (
                quarter,
                told[quarter]["agent_commits"],
                f"{seen:,}",
                f"{estimate:.0f}",
                f"{low:.0f} to {high:.0f}",
                f"{int(told[quarter]['declared']) / int(told[quarter]['agent_commits']):.1%}",
                f"{coverage:.1%}",
            )
            for quarter, seen, estimate, low, high, coverage in found
        ),
    )


def _success(marts: duckdb.DuckDBPyConnection, folder: Path) -> None:
    told = {r["quarter"]: r for r in _truth(folder, "success") if r["author"] == "agent"}
    found = marts.sql(
        "select quarter, mature_pull_requests, merged, rate, rate_low, rate_high "
        f"from marts.merge_success_quarterly where {_ORGANISATION} and author_class = 'model' "
        "and quarter >= '2025Q1' order by quarter"
    ).fetchall()
    _print(
        ("quarter", "planted", "true, merged", "true, and not reverted", "merged", "95% interval"),
        (
            (
                quarter,
                f"{float(told[quarter]['planted']):.0%}",
                f"{int(told[quarter]['merged']) / int(told[quarter]['mature']):.1%} "
                f"of {int(told[quarter]['mature']):,}",
                f"{float(told[quarter]['success']):.1%}",
                f"{rate:.1%} of {mature:,}",
                f"{low:.1%} to {high:.1%}",
            )
            for quarter, mature, _, rate, low, high in found
        ),
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
