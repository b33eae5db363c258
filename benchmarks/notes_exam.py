"""What identities and trailers tell, held against line-level records of the same commits.

    python -m benchmarks.notes_exam REPO [--lake FOLDER]

Mines REPO, builds the database and compares, for every commit without merges that carries a
record with text (an attested line, or none of the lines that it added):

- the label: the strongest finding of the commit's author and trailers, as its weight of the
  commit's code lines;
- the record: the code lines that it attests to a model.

A record that names no line proves nothing, so precision is a lower bound: what is counted
against the label may be a model's all the same. Prints Markdown.
"""

import argparse
import tempfile
from pathlib import Path

import duckdb
import polars as pl

from quarterdeck.extractors.lake import Lake
from quarterdeck.extractors.mining import mine_repository
from quarterdeck.extractors.repository import open_repository
from quarterdeck.extractors.schemas import TABLES
from quarterdeck.flows.inputs import given_frames
from quarterdeck.flows.repositories import Source
from quarterdeck.flows.settings import Settings
from quarterdeck.sql import runner

_NAME = "repository"

# One row per commit: on the default branch or not, its code lines, label and record.
_COMMITS = """
create temp table commits as
with labels as (
    select
        commit_id,
        max(weight) as weight,
        arg_max(agent, (weight, tier, agent)) as agent
    from attribution.findings
    where place in ('author', 'trailer')
        and author_class = 'model'
        and tier = 'declared'
        and not ruled_out
    group by commit_id
),

code as (
    select commit_id, cast(sum(lines) as bigint) as code_lines
    from raw.added_lines
    join raw.file_classes using (repository_id, path)
    where class in ('source', 'test')
    group by commit_id
),

attested as (
    select
        commit_id,
        coalesce(sum(lines * weight) filter (author_class = 'model'), 0) as model_lines,
        coalesce(sum(lines * weight) filter (author_class = 'human'), 0) as human_lines
    from attribution.attested_lines
    where is_code
    group by commit_id
),

by_agent as (
    select commit_id, agent, sum(lines) as lines
    from attribution.attested_lines
    where is_code and author_class = 'model'
    group by all
)

select
    commits.commit_id,
    landings.commit_id is not null as is_landed,
    year(commits.committed_at) || 'Q' || quarter(commits.committed_at) as quarter,
    code.code_lines,
    coalesce(labels.weight, 0) as label,
    labels.agent as label_agent,
    coalesce(attested.model_lines, 0) as attested_lines,
    coalesce(attested.human_lines, 0) as human_lines,
    (
        select arg_max(by_agent.agent, (by_agent.lines, by_agent.agent))
        from by_agent where by_agent.commit_id = commits.commit_id
    ) as record_agent,
    authorship.model_share,
    recorded.commit_id is not null as has_record
from staging.commits
join attribution.commit_authorship as authorship using (commit_id)
left join (select distinct commit_id from raw.records where form = 'note') as recorded
    using (commit_id)
left join staging.landings using (commit_id)
left join code using (commit_id)
left join labels using (commit_id)
left join attested using (commit_id)
where commits.parent_count < 2
"""

_EXAM = """
select
    {group},
    count(*) as commits,
    count(*) filter (label > 0) as labelled,
    count(*) filter (attested_lines > 0) as recorded,
    count(*) filter (label > 0 and attested_lines > 0) as agreed,
    agreed / nullif(labelled, 0) as precision,
    agreed / nullif(recorded, 0) as recall,
    cast(sum(label * code_lines) as bigint) as labelled_lines,
    cast(sum(attested_lines) as bigint) as recorded_lines,
    sum(least(label * code_lines, attested_lines)) / nullif(labelled_lines, 0) as line_precision,
    sum(least(label * code_lines, attested_lines)) / nullif(recorded_lines, 0) as line_recall
from commits
where has_record and code_lines > 0 {where}
group by all
order by all
"""

_COVERAGE = """
select
    case when is_landed then 'default branch' else 'other commits' end as place,
    count(*) as commits,
    count(*) filter (has_record) as with_a_record,
    count(*) filter (attested_lines + human_lines > 0) as that_names_added_lines,
    count(*) filter (attested_lines > 0) as model_lines,
    count(*) filter (human_lines > 0) as human_lines
from commits
group by all
order by all
"""

# The landed code lines of the default branch, commit by commit.
_EFFECT = """
with sizes as (
    select commits.*, sizes.code_lines as lines
    from commits
    join attribution.commit_sizes as sizes using (commit_id)
    where is_landed and sizes.code_lines > 0
)

select
    quarter,
    count(*) as commits,
    cast(sum(lines) as bigint) as code_lines,
    sum(label * lines) / sum(lines) as identities_and_trailers,
    sum(least(attested_lines, lines)) / sum(lines) as records_alone,
    sum(model_share * lines) / sum(lines) as all_evidence
from sizes
group by rollup (quarter)
order by quarter nulls last
"""


def _build(repository: Path, folder: Path, lake_folder: Path) -> Path:
    lake = Lake(lake_folder)
    mine_repository(open_repository(repository), _NAME, lake)
    parts = {}
    for table, schema in TABLES.items():
        empty = folder / f"{table}.parquet"
        schema.to_frame().write_parquet(empty)
        parts[table] = [empty, *lake.parts(table, _NAME)]
    source = Source(_NAME, repository, None, None, None)
    work = folder / "exam.duckdb"
    runner.build(work, parts, given_frames(Settings(repositories=[]), [source], {}, "exam"))
    return work


def _print(title: str, found: duckdb.DuckDBPyConnection | duckdb.DuckDBPyRelation) -> None:
    frame: pl.DataFrame = found.pl()
    print(f"\n{title}\n\n| {' | '.join(name.replace('_', ' ') for name in frame.columns)} |")
    print("|" + " --- |" * frame.width)
    for row in frame.iter_rows():
        print("| " + " | ".join(map(_cell, row)) + " |")


def _cell(value: object) -> str:
    if value is None:
        return "-"
    if isinstance(value, float):
        return f"{value:.1%}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def main() -> None:
    """Mine, build, compare and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("repository", type=Path)
    parser.add_argument("--lake", type=Path, help="keep the lake here; a temporary one if left out")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="quarterdeck-exam-") as name:
        folder = Path(name)
        work = _build(options.repository, folder, options.lake or folder / "lake")
        with duckdb.connect(str(work), read_only=True) as connection:
            connection.execute("set timezone = 'UTC'")
            connection.execute(_COMMITS)
            ask = connection.sql
            _print("What the records cover (commits, no merges)", ask(_COVERAGE))
            everything = {"group": "'all' as commits_of", "where": ""}
            _print("Identities and trailers against records", ask(_EXAM.format(**everything)))
            landed = {"group": "'default branch' as commits_of", "where": "and is_landed"}
            _print("The same, default branch", ask(_EXAM.format(**landed)))
            _print("By quarter", ask(_EXAM.format(group="quarter", where="")))
            agent = "coalesce(record_agent, label_agent) as agent"
            either = "and (label > 0 or attested_lines > 0)"
            _print("By agent", ask(_EXAM.format(group=agent, where=either)))
            _print("Model share of landed code lines", ask(_EFFECT))


if __name__ == "__main__":
    main()
