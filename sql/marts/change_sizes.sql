create or replace view marts.change_sizes as
with changes as (
    select
        changes.*,
        survival.lines_alive_30_days,
        survival.lines_alive_90_days
    from marts.scope_changes as changes
    left join marts.change_survival as survival using (repository_id, commit_id)
),

sizes as (
    select *, 'code_lines' as measure, code_lines as units, true as is_capped
    from changes
    union all by name
    select *, 'lines_alive_30_days' as measure, lines_alive_30_days as units, true as is_capped
    from changes
    union all by name
    select *, 'lines_alive_90_days' as measure, lines_alive_90_days as units, true as is_capped
    from changes
    union all by name
    select *, 'net_lines' as measure, net_code_lines as units, false as is_capped
    from changes
    union all by name
    select *, 'landed_changes' as measure, 1 as units, false as is_capped
    from changes
    union all by name
    select *, 'merged_pull_requests' as measure, pull_requests as units, false as is_capped
    from changes
)

select
    scope,
    scope_name,
    measure,
    repository_id,
    commit_id,
    landed_day,
    quarter_start,
    contributor_id,
    units,
    is_capped
from sizes
where units is not null;

comment on view marts.change_sizes is 'One row per scope, measure and landed change that has a value in it, before any cap.';
comment on column marts.change_sizes.scope is 'organisation, repository or team';
comment on column marts.change_sizes.scope_name is 'name of the organisation, repository or team';
comment on column marts.change_sizes.measure is 'code_lines, lines_alive_30_days, lines_alive_90_days, net_lines, landed_changes or merged_pull_requests';
comment on column marts.change_sizes.repository_id is 'name of the repository';
comment on column marts.change_sizes.commit_id is 'the landed change';
comment on column marts.change_sizes.landed_day is 'day it landed';
comment on column marts.change_sizes.quarter_start is 'first day of its quarter';
comment on column marts.change_sizes.contributor_id is 'contributor who wrote most of it; null for bots and agents';
comment on column marts.change_sizes.units is 'units landed, in the unit of the measure';
comment on column marts.change_sizes.is_capped is 'whether the measure caps a change';
