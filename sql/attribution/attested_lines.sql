create or replace table attribution.attested_lines as
with

claims as (
    select *
    from attribution.record_claims
    where ruled_out_reason is null
),

-- No line stands twice in one record: only where there are several do they have to be settled.
shared as (
    select
        repository_id,
        commit_id
    from claims
    group by repository_id, commit_id
    having count(distinct ref) > 1
),

-- Records name lines that stood there before, lines of other commits and lines past the end.
met as (
    select
        claims.* exclude (first_line, lines, ruled_out_reason),
        greatest(claims.first_line, added.first_line) as first_line,
        least(claims.first_line + claims.lines, added.first_line + added.lines) as end_line,
        shared.commit_id is not null as is_shared
    from claims
    inner join raw.added_lines as added
        on claims.repository_id = added.repository_id
            and claims.commit_id = added.commit_id
            and claims.path = added.path
            and claims.first_line < added.first_line + added.lines
            and added.first_line < claims.first_line + claims.lines
    left join shared
        on claims.repository_id = shared.repository_id and claims.commit_id = shared.commit_id
),

each_line as (
    select
        * exclude (first_line, end_line, is_shared),
        unnest(generate_series(first_line, end_line - 1)) as line
    from met
    where is_shared
),

-- The surer record has the line, then the first in the catalogue.
settled as (
    select *
    from each_line
    qualify
        row_number() over (
            partition by repository_id, commit_id, path, line
            order by
                case tier when 'attested' then 1 when 'declared' then 2 else 3 end,
                position,
                ref,
                matched_text,
                agent,
                model,
                weight desc
        ) = 1
),

numbered as (
    select
        *,
        line - row_number() over (
            partition by
                repository_id, commit_id, path, signal_id, matched_text, agent, model, author_class,
                weight
            order by line
        ) as run
    from settled
),

runs as (
    select
        repository_id,
        commit_id,
        path,
        source,
        signal_id,
        agent,
        model,
        author_class,
        tier,
        weight,
        matched_text,
        run,
        min(line) as first_line,
        count(*) as lines
    from numbered
    group by all
    union all
    select
        repository_id,
        commit_id,
        path,
        source,
        signal_id,
        agent,
        model,
        author_class,
        tier,
        weight,
        matched_text,
        0 as run,
        first_line,
        end_line - first_line as lines
    from met
    where not is_shared
)

select
    runs.repository_id,
    runs.commit_id,
    runs.path,
    cast(runs.first_line as integer) as first_line,
    cast(runs.lines as integer) as lines,
    coalesce(classes.class in ('source', 'test'), false) as is_code,
    runs.author_class,
    runs.agent,
    runs.model,
    runs.tier,
    runs.weight,
    runs.source,
    runs.signal_id,
    runs.matched_text
from runs
left join staging.classified_changes as classes
    on runs.repository_id = classes.repository_id
        and runs.commit_id = classes.commit_id
        and runs.path = classes.path
;

comment on table attribution.attested_lines is
'One row per run of lines that a commit added and that a record says somebody wrote; each line stands in at most one.';
comment on column attribution.attested_lines.repository_id is 'Repository the record was read from.';
comment on column attribution.attested_lines.commit_id is 'Commit that added the lines.';
comment on column attribution.attested_lines.path is 'Path of the file after the commit.';
comment on column attribution.attested_lines.first_line is 'First line in the file after the commit, from 1.';
comment on column attribution.attested_lines.lines is 'Length of the run (lines).';
comment on column attribution.attested_lines.is_code is 'Whether the file is of class source or test.';
comment on column attribution.attested_lines.author_class is 'Who wrote them, as the record says: model or human.';
comment on column attribution.attested_lines.agent is 'Agent that the record names; NULL for people.';
comment on column attribution.attested_lines.model is 'Model as the record tells it; NULL where it tells none.';
comment on column attribution.attested_lines.tier is 'How sure: attested, unless the rule says otherwise.';
comment on column attribution.attested_lines.weight is 'Share of these lines that is credited, above 0 and at most 1.';
comment on column attribution.attested_lines.source is 'Kind of record: note or trace.';
comment on column attribution.attested_lines.signal_id is 'Rule of the catalogue (raw.signals) that matched.';
comment on column attribution.attested_lines.matched_text is 'Where the record stands, and the tool that it names.';
