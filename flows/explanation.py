"""Why a commit is credited as it is: the facts behind `quarterdeck explain`, as plain values.

docs/authorship.md documents the keys. What is asked is a few selects; the SQL stands in
`sql/marts/explained_*.sql`.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import duckdb

from quarterdeck.flows.errors import QueryError
from quarterdeck.flows.text import printable
from quarterdeck.sql.connect import connect_read_only

CLASSES: Final = ("model", "human", "automation", "undeclared")
#: As git: fewer letters of an id are no name for a commit.
MIN_ID_LENGTH: Final = 4
SHOWN_CANDIDATES: Final = 10

Row = Mapping[str, Any]


def explanation(database: Path, commit: str, repository: str | None = None) -> dict[str, Any]:
    """All there is to say on who wrote a commit.

    Args:
        database: the published database.
        commit: an id or the start of one.
        repository: its repository, where several hold such a commit.

    Returns:
        `commit`, `repository`, `authorship` (share by class, 0 to 1), `tier`, `findings` (those
        that count), `ruled_out`, `commits` (what its lines are attributed by), `overrides`,
        `excluded`, `credited_to`, `landed`, `counts`, and what the commit itself says.

    Raises:
        DatabaseError: the database cannot be opened.
        QueryError: no commit or more than one is meant, or the database is of an older version.
    """
    with connect_read_only(database) as connection:
        try:
            found = _find(connection, commit, repository)
            return _explain(connection, (found["repository_id"], found["commit_id"]))
        except duckdb.CatalogException as error:
            raise QueryError(
                f"{database}: built by a version without this command; `quarterdeck build` "
                "builds it anew"
            ) from error


def _find(
    connection: duckdb.DuckDBPyConnection, commit: str, repository: str | None
) -> dict[str, Any]:
    """The one commit that is meant."""
    start = commit.strip().lower()
    if set(start) - set("0123456789abcdef") or not MIN_ID_LENGTH <= len(start) <= 64:
        raise QueryError(
            f"{printable(commit)!r} is no commit id; give at least {MIN_ID_LENGTH} of its "
            "hexadecimal digits"
        )
    names = [row["repository_id"] for row in _rows(connection, "from raw.repositories order by 1")]
    if repository is not None and repository not in names:
        raise QueryError(
            f"no repository {printable(repository)!r}; the database holds: {_listed(names)}"
        )
    found = _candidates(connection, start, repository)
    if len(found) == 1:
        return found[0]
    if found:
        many = {row["commit_id"] for row in found}
        remedy = "give more of its id" if len(many) > 1 else "choose with --repository"
        raise QueryError(f"{start} is ambiguous; {remedy}:\n{_candidate_lines(found)}")
    near: list[dict[str, Any]] = []
    for length in range(len(start) - 1, MIN_ID_LENGTH - 1, -1):
        if near := _candidates(connection, start[:length], repository):
            break
    hint = f"; near to it:\n{_candidate_lines(near)}" if near else ""
    where = repository if repository is not None else _listed(names)
    raise QueryError(
        f"no commit {start} in {where}: `quarterdeck run` brings the database up to date{hint}"
    )


def _candidates(
    connection: duckdb.DuckDBPyConnection, start: str, repository: str | None
) -> list[dict[str, Any]]:
    return _rows(
        connection,
        """
        select repository_id, commit_id, subject
        from staging.commits
        where starts_with(commit_id, $1) and ($2 is null or repository_id = $2)
        order by commit_id, repository_id
        """,
        [start, repository],
    )


def _candidate_lines(rows: Sequence[Row]) -> str:
    shown = [
        f"  {row['commit_id'][:12]} {printable(row['repository_id'])}: "
        f"{printable(row['subject'])[:60]}"
        for row in rows[:SHOWN_CANDIDATES]
    ]
    more = len(rows) - len(shown)
    return "\n".join([*shown, *([f"  and {more:,} more"] if more > 0 else [])])


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(printable(name) for name in names[:SHOWN_CANDIDATES])
    return shown + (", ..." if len(names) > SHOWN_CANDIDATES else "")


def _explain(connection: duckdb.DuckDBPyConnection, key: tuple[str, str]) -> dict[str, Any]:
    def about(table: str, order: str, key: tuple[str, str] = key) -> list[dict[str, Any]]:
        query = f"from {table} where repository_id = $1 and commit_id = $2 order by {order}"
        return _rows(connection, query, list(key))

    (row,) = about("marts.explained_commits", "all")
    parts = about("marts.explained_parts", "share desc, part_commit_id")
    findings = about(
        "marts.explained_findings", "part_commit_id, line_number, signal_id, matched_text"
    )
    overrides = _rows(
        connection,
        """
        select overrides.*
        from marts.explained_parts as parts
        join attribution.commit_overrides as overrides
            on overrides.repository_id = parts.repository_id
            and overrides.commit_id = parts.part_commit_id
        where parts.repository_id = $1 and parts.commit_id = $2
        order by overrides.commit_id, overrides.position
        """,
        list(key),
    )
    landed_id = row["landed_commit_id"]
    counts = (
        about("marts.explained_counts", "scope, scope_name", (key[0], landed_id))
        if landed_id is not None
        else []
    )
    return {
        "commit": row["commit_id"],
        "authorship": _shares(row),
        "tier": row["tier"],
        "agent": row["agent"],
        "model": row["model"],
        "findings": [_finding(f) for f in findings if f["ruled_out_reason"] is None],
        "ruled_out": [_finding(f) for f in findings if f["ruled_out_reason"] is not None],
        "repository": row["repository_id"],
        "subject": row["subject"],
        "author": {"name": row["author_name"], "email": row["author_email"]},
        "authored_at": row["authored_at"],
        "committer": row["committer_name"],
        "committed_at": row["committed_at"],
        "code_lines": row["code_lines"],
        "files_without_counts": row["missing_files"],
        "commits": [_part(part) for part in parts],
        "overrides": [_override(override) for override in overrides],
        "excluded": row["exclusion_reason"],
        "credited_to": (
            {"contributor": row["contributor_id"], "name": row["contributor_name"]}
            if row["contributor_id"] is not None
            else None
        ),
        "pull_requests": row["pull_request_numbers"],
        "landed": _landed(row, counts),
        "counts": [_count(count) for count in counts],
    }


def _rows(
    connection: duckdb.DuckDBPyConnection, query: str, values: Sequence[object] = ()
) -> list[dict[str, Any]]:
    result = connection.execute(query, list(values))
    names = [column[0] for column in result.description or ()]
    return [dict(zip(names, row, strict=True)) for row in result.fetchall()]


def _shares(row: Row) -> dict[str, float]:
    return {name: row[f"{name}_share"] for name in CLASSES}


def _part(row: Row) -> dict[str, Any]:
    return {
        "commit": row["part_commit_id"],
        "subject": row["subject"],
        "code_lines": row["code_lines"],
        "share": row["share"],
        "authorship": _shares(row),
        "tier": row["tier"],
        "agent": row["agent"],
        "model": row["model"],
        "contributor": row["contributor_id"],
        "by_landed_message": row["is_by_landed"],
    }


def _finding(row: Row) -> dict[str, Any]:
    return {
        "commit": row["part_commit_id"],
        "signal": row["signal_id"],
        "class": row["author_class"],
        "agent": row["agent"],
        "model": row["model"],
        "tier": row["tier"],
        "weight": row["weight"],
        "text": row["matched_text"],
        "source": row["source"],
        "place": row["place"],
        "line": row["line_number"] or None,
        "occurrences": row["occurrences"],
        "rule_source": row["rule_source"],
        "rule_note": row["rule_note"],
        "ruled_out": row["ruled_out_reason"] is not None,
        "reason": row["ruled_out_reason"],
    }


def _override(row: Row) -> dict[str, Any]:
    return {
        "commit": row["commit_id"],
        "override": row["position"],
        "author_class": row["author_class"],
        "agent": row["agent"],
        "paths": row["paths"],
        "code_lines": row["code_lines"],
        "share": row["share"],
        "reason": row["reason"],
    }


def _landed(row: Row, counts: Sequence[Row]) -> dict[str, Any] | None:
    if row["landed_commit_id"] is None:
        return None
    first: Row = counts[0] if counts else {}
    return {
        "commit": row["landed_commit_id"],
        "how": row["landed_how"],
        "kind": row["kind"],
        "pull_request": row["landed_pull_request_number"],
        "landed_at": first.get("landed_at"),
        "quarter": first.get("quarter"),
    }


def _count(row: Row) -> dict[str, Any]:
    names = ("scope", "scope_name", "quarter", "code_lines", "cap_lines", "counted_lines")
    return {name: row[name] for name in (*names, "left_out_because")}
