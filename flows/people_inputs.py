"""The frames about people that the SQL reads: overrides, rules of identity, teams."""

from collections.abc import Sequence
from itertools import combinations

import duckdb
import polars as pl

from quarterdeck.flows.people_settings import plain
from quarterdeck.flows.repositories import Source
from quarterdeck.flows.settings import Settings
from quarterdeck.sql.identity_rules import (
    join_identities,
    links_from_rows,
    rules_frame,
    shared_words,
)
from quarterdeck.sql.runner import Computed, Given

_OVERRIDES_SCHEMA = pl.Schema({"contributor_name": pl.String(), "email": pl.String()})
_APART_SCHEMA = pl.Schema({"email": pl.String(), "other_email": pl.String()})
_MEMBERS_SCHEMA = pl.Schema(
    {"team": pl.String(), "member": pl.String(), "first_day": pl.Date(), "last_day": pl.Date()}
)
_TEAM_REPOSITORIES_SCHEMA = pl.Schema({"team": pl.String(), "repository_id": pl.String()})


def people_frames(settings: Settings, sources: Sequence[Source]) -> dict[str, Given]:
    """The frames by the name under which the SQL reads them.

    Args:
        settings: the settings in force.
        sources: the repositories of the database, some of which name their team.
    """
    overrides = [(c.name, plain(email)) for c in settings.contributors for email in c.emails]
    apart = {
        tuple(sorted(pair))
        for entry in settings.keep_apart
        for pair in combinations(map(plain, entry.emails), 2)
    }
    members = [
        (team.name, member.who.strip(), member.first_day, member.last_day)
        for team in settings.teams
        for member in team.members
    ]
    owned = {(team.name, name) for team in settings.teams for name in team.repositories}
    owned |= {(source.team, source.repository_id) for source in sources if source.team}
    return {
        "identity_overrides": pl.DataFrame(
            overrides, schema=_OVERRIDES_SCHEMA, orient="row"
        ).unique("email", keep="first", maintain_order=True),
        "identity_apart": pl.DataFrame(sorted(apart), schema=_APART_SCHEMA, orient="row"),
        "identity_rules": rules_frame(settings.identity_rules),
        "shared_words": shared_words(),
        "identity_links": Computed(_joined),
        "team_members": pl.DataFrame(members, schema=_MEMBERS_SCHEMA, orient="row").unique(
            maintain_order=True
        ),
        "team_repositories": pl.DataFrame(
            sorted(owned), schema=_TEAM_REPOSITORIES_SCHEMA, orient="row"
        ),
    }


def _joined(connection: duckdb.DuckDBPyConnection) -> pl.DataFrame:
    candidates = connection.sql("""
        select strength, from_node, to_node, rule, is_risky
        from attribution.identity_candidates
    """).fetchall()
    apart = connection.sql("""
        select 'address ' || email, 'address ' || other_email
        from raw.identity_apart
    """).fetchall()
    return join_identities(links_from_rows(candidates), apart)
