create or replace table marts.line_lives as
with cutoff as (
    select * from marts.cutoff
),

changes as (
    select * from marts.landed_changes
),

-- each line once, under the change that first wrote it
written as (
    select
        lives.repository_id,
        lives.origin_commit_id as commit_id,
        lives.death_commit_id,
        lives.fate,
        sum(lives.lines) as lines
    from staging.line_lives as lives
    join staging.classified_changes as classes
        on classes.repository_id = lives.repository_id
        and classes.commit_id = lives.origin_commit_id
        and classes.path = lives.origin_path
    where lives.fate not in ('moved', 'respaced') and classes.class in ('source', 'test')
    group by all
),

dated as (
    select
        written.repository_id,
        written.commit_id,
        births.landed_at,
        births.quarter_start,
        -- what lies beyond the cut-off has not come about yet
        case when deaths.landed_at <= cutoff.cutoff_at then written.death_commit_id end as death_commit_id,
        case
            when written.fate = 'alive' or deaths.landed_at > cutoff.cutoff_at then 'alive'
            else written.fate
        end as fate,
        case when fate = 'alive' then cutoff.cutoff_at else deaths.landed_at end as until_at,
        written.lines
    from written
    join changes as births using (repository_id, commit_id)
    cross join cutoff
    left join changes as deaths
        on deaths.repository_id = written.repository_id
        and deaths.commit_id = written.death_commit_id
    where births.landed_at <= cutoff.cutoff_at and not births.is_excluded
)

select
    repository_id,
    commit_id,
    quarter_start,
    death_commit_id,
    fate,
    fate in ('deleted', 'binary') as is_death,
    -- clocks of committers can run backwards
    greatest(epoch(until_at) - epoch(landed_at), 0) / 86400 as duration_days,
    cast(sum(lines) as bigint) as lines
from dated
-- an end without a usable clock: data quality counts these lines
where until_at is not null
group by all;

comment on table marts.line_lives is 'One row per landed change that wrote code lines, and change that ended some of them; moved and re-spaced lines live on under the change that first wrote them.';
comment on column marts.line_lives.repository_id is 'name of the repository';
comment on column marts.line_lives.commit_id is 'landed change that wrote the lines';
comment on column marts.line_lives.quarter_start is 'first day of the quarter in which it landed';
comment on column marts.line_lives.death_commit_id is 'landed change that ended them; null for lines alive at the cut-off';
comment on column marts.line_lives.fate is 'deleted, binary (their file became binary), lost (their blob is missing from then on) or alive';
comment on column marts.line_lives.is_death is 'whether the lines died: deleted or binary; others are censored';
comment on column marts.line_lives.duration_days is 'age at their end, or at the cut-off (days)';
comment on column marts.line_lives.lines is 'code lines: of class source and test by their path when written (count)';
