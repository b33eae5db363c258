create or replace table marts.days as
with quarters as (
    select * from marts.quarters
),

spine as (
    select
        scope,
        scope_name,
        quarter_start,
        cast(unnest(generate_series(first_day, last_day, interval 1 day)) as date) as day
    from quarters
),

events as (
    select scope, scope_name, active_from as day, 1 as change from marts.contributor_activity
    union all
    select scope, scope_name, cast(active_to + 1 as date), -1 from marts.contributor_activity
),

running as (
    select
        scope,
        scope_name,
        day,
        sum(sum(change)) over (partition by scope, scope_name order by day) as active_contributors
    from events
    group by scope, scope_name, day
)

select
    spine.scope,
    spine.scope_name,
    spine.day,
    spine.quarter_start,
    cast(coalesce(running.active_contributors, 0) as bigint) as active_contributors
from spine
asof left join running
    on running.scope = spine.scope
    and running.scope_name = spine.scope_name
    and running.day <= spine.day;

comment on table marts.days is 'One row per scope and day from its first landed change to the cut-off.';
comment on column marts.days.scope is 'organisation, repository or team';
comment on column marts.days.scope_name is 'name of the organisation, repository or team';
comment on column marts.days.day is 'the day, in the time zone of the settings';
comment on column marts.days.quarter_start is 'first day of its quarter';
comment on column marts.days.active_contributors is 'contributors with a landed change in the activity window up to the day (count)';
