"""A finished database without people: a new file in which pseudonyms stand for them.

Everything has been computed by then, so no number depends on it. The copy is a file of its own:
no block of the first one, freed or not, gets into it.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Final

import duckdb

from quarterdeck.sql.agents import load_signals
from quarterdeck.sql.checking import run_checks
from quarterdeck.sql.errors import BuildError
from quarterdeck.sql.identity_rules import common_words
from quarterdeck.sql.objects import SCHEMAS, load_objects
from quarterdeck.sql.pseudonyms import Identity, Pseudonyms
from quarterdeck.sql.publishing import remove
from quarterdeck.sql.redaction import Redactor, named_addresses

#: Tables of the installation's own data, in which nobody stands.
_OURS: Final = frozenset({"raw.identity_rules", "raw.object_keys", "raw.shared_words"})
#: Columns of ids, names of repositories and words of our own: nobody stands in them, or the
#: documentation says that they stay.
_PLAIN: Final = frozenset(
    [
    "repository_id", "commit_id", "tree_id", "parent_ids", "first_parent_id", "landed_commit_id",
    "head_commit_id", "tip_commit_id", "root_commit_id", "parent_id", "old_blob_id",
    "new_blob_id", "part", "path", "old_path", "status", "old_mode", "new_mode", "class",
    "language", "kind", "scope", "scope_name", "quarter", "measure", "agent", "model",
    "author_class", "tier", "place", "source", "signal_id", "signals", "rule", "rules", "outcome",
    "issue", "baseline", "baseline_kind", "baseline_label", "preset", "time_zone",
    "lines_counted", "counted_unit", "classes", "authors", "grain", "period", "group_kind",
    "preferred", "acceleration", "acceleration_reason", "doubling_reason",
    "quarterdeck_version", "input_digest", "fingerprint", "landed_by", "default_branch",
    "opened_at_source", "first_quarter", "last_quarter", "last_whole_quarter", "team",
    "organisation", "forge", "trailer_key", "exclusion_kind", "risk", "reason_code",
    "forge_id", "review_id", "told_name", "matched_by", "state", "checks", "field", "sources",
    "author_association", "base_commit_id", "merge_commit_id", "ref_head_commit_id",
    "told_head_commit_id", "told_merge_commit_id", "clone_landed_commit_id", "clone_landed_by",
    "state_source", "created_at_source", "closed_at_source", "merged_at_source",
    "author_login_source", "merge_commit_id_source", "head_commit_id_source",
    "head_branch_source", "base_branch_source", "agent_source", "grouping_kind", "grouping_name",
    "undone_commit_id", "reverted_by", "reapplied_by", "said_by", "rung", "interval_method",
    "named_id", "bot",
    ]
)  # fmt: skip
_BY_COLUMN: Final = {
    "contributor_id": "people_id",
    "settings_name": "people_named",
    "contributor_name": "people_named",
    "member": "people_member",
    "login": "people_login",
    "account_id": "people_login",
    "author_login": "people_login",
    "author_id": "people_login",
    "merged_by_login": "people_login",
    "reviewer_login": "people_login",
    "head_branch": "people_branch",
    "base_branch": "people_branch",
    "head_repository": "people_branch",
    "url": "people_url",
    "ref": "people_branch",
    "remote_url": "people_url",
    "settings_json": "people_json",
}
_NODES: Final = frozenset(
    [
    "node", "from_node", "to_node", "component", "to_component", "account_node", "mailmap_node",
    ]
)  # fmt: skip
#: The folder of a clone holds its owner's login more often than not.
_REMOVED: Final = {
    ("raw.repositories", "path"),
    ("marts.repositories", "path"),
    # titles in lower case, in which names would not be known for names
    ("attribution.change_titles", "base_title"),
    ("attribution.revert_statements", "named_title"),
}
#: Keys that hold a name and an address: names of one person become equal.
_KEYS: Final = {
    "raw.mailmapped": ("repository_id", "name", "email"),
    "attribution.identities": ("repository_id", "name", "email"),
    "attribution.identity_addresses": ("repository_id", "name", "email"),
    "raw.team_members": ("team", "member", "first_day", "last_day"),
    "attribution.team_member_matches": ("team", "member"),
}


def write_pseudonymous(work: Path, target: Path, key: bytes) -> None:
    """Copy a finished database to a new file with pseudonyms in place of people.

    Args:
        work: the database; it is only read.
        target: the new file; replaced if it is there.
        key: of the pseudonyms.

    Raises:
        BuildError: a statement failed.
        CheckFailedError: a check does not hold in the copy.
    """
    remove(target)
    try:
        with duckdb.connect(str(target)) as connection:
            connection.execute("set timezone = 'UTC'")
            name = str(work).replace("'", "''")
            connection.execute(f"attach '{name}' as open_work (read_only)")
            columns = _columns(connection)
            _register(connection, *_people(connection, columns, key))
            _copy(connection, columns)
            connection.execute("detach open_work")
            run_checks(connection)
            connection.execute("checkpoint")
    except duckdb.Error as error:
        remove(target)
        raise BuildError(f"pseudonyms: {error}; the published database is untouched") from error


def _columns(connection: duckdb.DuckDBPyConnection) -> dict[str, dict[str, str]]:
    """Types of the columns of every table, by table and column."""
    found: dict[str, dict[str, str]] = {}
    for schema, table, column, kind in connection.sql("""
        select schema_name, table_name, column_name, data_type
        from duckdb_columns()
        join duckdb_tables() using (database_name, schema_name, table_name)
        where database_name = 'open_work'
        order by schema_name, table_name, column_index
    """).fetchall():
        found.setdefault(f"{schema}.{table}", {})[column] = kind
    return found


def _pairs(columns: Iterable[str]) -> dict[str, str]:
    """Columns of names by the column of the address beside them."""
    names = set(columns)
    prefixes = [column.removesuffix("email") for column in names if column.endswith("email")]
    return {f"{p}email": f"{p}name" for p in prefixes if f"{p}name" in names}


def _is_text(column: str, kind: str) -> bool:
    return kind in ("VARCHAR", "VARCHAR[]") and column not in _PLAIN and column not in _NODES


def _people(
    connection: duckdb.DuckDBPyConnection, columns: Mapping[str, Mapping[str, str]], key: bytes
) -> tuple[Pseudonyms, Redactor]:
    """Everybody whom the database names, and what stands in their place."""
    identities = {
        Identity(*row)
        for row in connection.sql("""
            select unnest([name, mapped_name, coalesce(settings_name, '')]),
                unnest([email, mapped_email, email]), contributor_id, is_agent
            from open_work.attribution.identities
        """).fetchall()
    }
    recorded: set[tuple[str, str]] = set()
    for table, own in columns.items():
        if table in _OURS or table == "raw.signals":
            continue
        for email, name in _pairs(own).items():
            recorded |= set(
                connection.sql(
                    f"select distinct {name}, {email} from open_work.{table} "
                    f"where {name} is not null and {email} is not null"
                ).fetchall()
            )
        for column, kind in own.items():
            if _is_text(column, kind) and column not in _BY_COLUMN:
                for text in _addressed(connection, table, column, kind):
                    recorded.update(named_addresses(text))
    recorded |= _settings_people(connection)
    known = {(identity.name, identity.email) for identity in identities}
    identities |= {Identity(*pair, None, False) for pair in recorded - known}
    agents = connection.sql("""
        select distinct agent from open_work.raw.signals where agent is not null
        union
        select distinct agent from open_work.attribution.findings where agent is not null
    """).fetchall()
    words = {w for (agent,) in agents for w in re.findall(r"\w+", agent.casefold())}
    public = _public_emails(connection, {identity.email for identity in identities})
    pseudonyms = Pseudonyms(key, identities, public, words)
    names = (identity.name for identity in identities if not identity.is_agent)
    return pseudonyms, Redactor(pseudonyms, common_words(), names)


def _addressed(
    connection: duckdb.DuckDBPyConnection, table: str, column: str, kind: str
) -> list[str]:
    """Distinct texts of a column that may hold an address."""
    value = f"unnest({column})" if kind.endswith("[]") else column
    return [
        text
        for (text,) in connection.sql(
            f"select distinct value from (select {value} as value from open_work.{table}) "
            "where contains(value, '@') and contains(value, '<')"
        ).fetchall()
    ]


def _settings_people(connection: duckdb.DuckDBPyConnection) -> set[tuple[str, str]]:
    """Members and addresses that only the settings know."""
    members = connection.sql("select distinct member from open_work.raw.team_members").fetchall()
    emails = connection.sql("""
        select author_email from open_work.raw.exclusions where author_email is not null
        union
        select unnest([email, other_email]) from open_work.raw.identity_apart
    """).fetchall()
    found = {("", member) if "@" in member else (member, "") for (member,) in members}
    return found | {("", email) for (email,) in emails}


def _public_emails(connection: duckdb.DuckDBPyConnection, emails: Iterable[str]) -> set[str]:
    """The addresses by which a rule knows an agent or a bot, whatever the name beside them."""
    texts = sorted({email.strip().lower() for email in emails if email.strip()})
    connection.execute("create or replace temp table people_emails (email varchar)")
    connection.execute("insert into people_emails select unnest(?)", [texts])
    found = connection.sql("""
        with rules as (
            select
                pattern,
                unnest(case when len(needles) = 0 then [''] else needles end) as needle
            from open_work.raw.signals
            where place in ('author', 'trailer', 'committer')
                and author_class in ('model', 'automation')
                and not is_person
                and not is_named
                -- a rule that any address fits says nothing of this one
                and not regexp_matches('x <qzvx@qzvx.invalid>', pattern)
        ),

        candidates as (
            select distinct people_emails.email, rules.pattern
            from people_emails
            join rules on contains(people_emails.email, rules.needle)
        )

        select distinct email from candidates where regexp_matches('x <' || email || '>', pattern)
    """).fetchall()
    connection.execute("drop table people_emails")
    return {email for (email,) in found}


def _register(
    connection: duckdb.DuckDBPyConnection, pseudonyms: Pseudonyms, redactor: Redactor
) -> None:
    """Let SQL call what replaces each kind of value."""

    def named(value: str) -> str:
        return pseudonyms.person(value)

    def member(value: str) -> str:
        return pseudonyms.email(value) if "@" in value else pseudonyms.person(value)

    functions: dict[str, Callable[..., str]] = {
        "people_id": pseudonyms.contributor,
        "people_named": named,
        "people_contributor": pseudonyms.contributor_name,
        "people_email": pseudonyms.email,
        "people_node": pseudonyms.node,
        "people_login": pseudonyms.login,
        "people_member": member,
        "people_text": redactor.text,
        "people_branch": redactor.branch,
        "people_url": redactor.url,
        "people_json": redactor.json,
    }
    for name, function in functions.items():
        connection.create_function(name, function, ["VARCHAR"], "VARCHAR")
    connection.create_function("people_name", pseudonyms.name, ["VARCHAR", "VARCHAR"], "VARCHAR")


def _copy(connection: duckdb.DuckDBPyConnection, columns: Mapping[str, Mapping[str, str]]) -> None:
    for schema in SCHEMAS:
        connection.execute(f"create schema if not exists {schema}")
    for item in load_objects():
        if item.name not in columns:
            connection.execute(item.text)  # a view: it reads the tables of the copy
            continue
        connection.execute(f"create table {item.name} as {_select(item.name, columns[item.name])}")
        connection.execute(f"begin; {item.comments}; commit")


def _select(table: str, columns: Mapping[str, str]) -> str:
    """What the copy of a table holds."""
    source = f"open_work.{table}"
    if table == "raw.signals":
        own = ", ".join(f"'{signal.id}'" for signal in load_signals())
        replaced = ", ".join(
            f"case when signal_id in ({own}) then {c} else people_text({c}) end as {c}"
            for c in ("pattern", "source", "note", "reason")
        )
        return f"select * replace ({replaced}) from {source}"
    replaced = ", ".join(
        f"{expression} as {column}"
        for column, kind in columns.items()
        if table not in _OURS and (expression := _expression(table, column, kind, columns))
    )
    query = f"select * {f'replace ({replaced})' if replaced else ''} from {source}"
    if key := _KEYS.get(table):
        names = ", ".join(key)
        return (
            f"select * from ({query}) "
            f"qualify row_number() over (partition by {names} order by {', '.join(columns)}) = 1"
        )
    return query


def _expression(table: str, column: str, kind: str, columns: Mapping[str, str]) -> str | None:
    """What stands in place of a column; None where it stays."""
    if (table, column) in _REMOVED:
        return "cast(null as varchar)"
    names = {name: email for email, name in _pairs(columns).items()}
    if kind == "VARCHAR[]" and column not in _PLAIN:
        function = "people_email" if column.endswith("emails") else "people_text"
        return f"list_transform({column}, lambda value: {function}(value))"
    if kind != "VARCHAR":
        return None
    if table == "marts.contributors" and column == "name":
        return "people_contributor(contributor_id)"
    if column in names:
        return f"people_name({column}, {names[column]})"
    if column.endswith("email"):
        return f"people_email({column})"
    if column in _NODES:
        return f"people_node({column})"
    if column in _BY_COLUMN:
        return f"{_BY_COLUMN[column]}({column})"
    return f"people_text({column})" if column not in _PLAIN else None
