create or replace table marts.cutoff as
with commits as (
    select
        commits.committed_at,
        repositories.mined_at
    from staging.commits
    join raw.repositories using (repository_id)
),

newest as (
    -- a clone knows nothing after the last time it was fetched, which its newest commit tells
    select coalesce(max(committed_at) filter (committed_at <= mined_at), max(mined_at)) as cutoff_at
    from commits
),

-- without any clone, what forges and files tell is the data
told as (
    select max(least(greatest(created_at, updated_at, closed_at, merged_at), told_at)) as cutoff_at
    from staging.forge_pull_requests
    -- least and greatest pass over what is null: a row without times would tell its own age
    where coalesce(created_at, updated_at, closed_at, merged_at) is not null
),

start as (
    select min(committed_at) filter (committed_at >= timestamptz '1971-01-01 00:00:00+00') as started_at
    from staging.commits
    join staging.landings using (repository_id, commit_id)
    where landings.is_landed_change
)

select
    coalesce(settings.cutoff_at, newest.cutoff_at, told.cutoff_at) as cutoff_at,
    cast(coalesce(settings.cutoff_at, newest.cutoff_at, told.cutoff_at) at time zone settings.time_zone as date) as cutoff_day,
    cast(start.started_at at time zone settings.time_zone as date) as started_day
from raw.settings
cross join newest
cross join told
cross join start;

comment on table marts.cutoff is 'One row: the span of the data.';
comment on column marts.cutoff.cutoff_at is 'data cut-off (UTC): from the settings, else the newest commit that is not in the future, else (without any clone) the newest time that a forge or file tells';
comment on column marts.cutoff.cutoff_day is 'day of the cut-off, in the time zone of the settings';
comment on column marts.cutoff.started_day is 'day of the oldest landed change; null without any';
