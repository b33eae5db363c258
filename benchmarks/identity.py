"""How many identities each rule joins, on real repositories.

python -m benchmarks.identity CLONE [CLONE ...]

Reads the commits of the default branches, no diffs; prints counts and nobody's name.
"""

import sys
import tempfile
import time
from pathlib import Path

import duckdb
import polars as pl

from quarterdeck.extractors import git_history
from quarterdeck.extractors.repository import open_repository
from quarterdeck.extractors.schemas import REPOSITORIES, TABLES
from quarterdeck.flows.inputs import given_frames
from quarterdeck.flows.repositories import Source
from quarterdeck.flows.settings import Settings
from quarterdeck.sql import runner
from quarterdeck.sql.identity_rules import optional_rules

# Joins that make one person of two: an account or a name in the settings is no person before an
# address is tied to it.
_BY_RULE = """
    with joins as (
        select
            rule,
            count(*) filter (outcome = 'joined') - count(distinct to_node) filter (
                outcome = 'joined' and not starts_with(to_node, 'address ')
            ) as joined,
            count(*) filter (starts_with(outcome, 'refused')) as refused
        from attribution.identity_links
        group by rule
        union all
        select 'address', count(distinct (name, email)) - count(distinct node), 0
        from attribution.identity_addresses
        where not is_agent and starts_with(node, 'address ')
    )

    select rules.rule, sum(joins.joined) as joined, sum(joins.refused) as refused
    from raw.identity_rules as rules
    left join joins using (rule)
    group by rules.rule, rules.strength
    order by rules.strength
"""
_SIZES = """
    select
        count(distinct (name, email)) as identities,
        count(distinct own_email) as addresses,
        (
            select count(distinct contributor_id)
            from attribution.identities
            where not is_agent
        ) as people,
        count(distinct (name, email)) filter (is_agent) as agents
    from attribution.identity_addresses
"""


def build(clone: Path, folder: Path, **settings: object) -> Path:
    """A database of the identities of one clone; the lake holds its commits alone."""
    repository = open_repository(clone)
    name = clone.parent.name
    history = git_history.read_history(repository)
    frames = {table: schema.to_frame() for table, schema in TABLES.items()}
    frames["commits"] = pl.concat(git_history.commits(name, repository.git, list(history.parents)))
    frames["tip_files"] = git_history.tip_files(name, repository)
    row = {"repository_id": name, "path": str(clone), "fingerprint": ""}
    frames["repositories"] = pl.DataFrame([row], schema=REPOSITORIES)
    parts = {}
    for table, frame in frames.items():
        parts[table] = [folder / f"{table}.parquet"]
        frame.write_parquet(parts[table][0])
    work = folder / f"{name}.duckdb"
    given = given_frames(Settings(**settings), [Source(name, clone, None, None, None)], {}, "")  # type: ignore[arg-type]
    runner.build(work, parts, given)
    return work


def main(clones: list[str]) -> None:
    """Print the counts of each clone as a table."""
    for clone in clones:
        with tempfile.TemporaryDirectory() as folder:
            start = time.monotonic()
            work = build(Path(clone), Path(folder), identity_rules=list(optional_rules()))
            with duckdb.connect(str(work), read_only=True) as connection:
                print(f"\n{Path(clone).parent.name} ({time.monotonic() - start:.1f} s)")
                print(connection.sql(_SIZES))
                print(connection.sql(_BY_RULE))


if __name__ == "__main__":
    main(sys.argv[1:])
