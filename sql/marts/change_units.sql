create or replace view marts.change_units as
with changes as (
    select
        changes.*,
        caps.cap_lines
    from marts.scope_changes as changes
    left join marts.caps
        on caps.scope = changes.scope
        and caps.scope_name = changes.scope_name
        and caps.quarter_start = changes.quarter_start
),

units as (
    select *, 'code_lines' as measure, code_lines as units, least(code_lines, cap_lines) as capped_units
    from changes
    union all by name
    select *, 'net_lines' as measure, net_code_lines as units, net_code_lines as capped_units
    from changes
    union all by name
    select *, 'landed_changes' as measure, 1 as units, 1 as capped_units
    from changes
    union all by name
    select *, 'merged_pull_requests' as measure, pull_requests as units, pull_requests as capped_units
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
    cast(units as double) as units,
    cast(capped_units as double) as capped_units
from units
where units is not null;

comment on view marts.change_units is 'One row per scope, measure and landed change that has a value in it.';
comment on column marts.change_units.scope is 'organisation, repository or team';
comment on column marts.change_units.scope_name is 'name of the organisation, repository or team';
comment on column marts.change_units.measure is 'code_lines, net_lines, landed_changes or merged_pull_requests';
comment on column marts.change_units.repository_id is 'name of the repository';
comment on column marts.change_units.commit_id is 'the landed change';
comment on column marts.change_units.landed_day is 'day it landed';
comment on column marts.change_units.quarter_start is 'first day of its quarter';
comment on column marts.change_units.contributor_id is 'contributor who wrote most of it; null for bots and agents';
comment on column marts.change_units.units is 'units landed, in the unit of the measure';
comment on column marts.change_units.capped_units is 'units landed, capped where the measure has a cap';
