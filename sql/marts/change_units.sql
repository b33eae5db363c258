create or replace view marts.change_units as
select
    sizes.scope,
    sizes.scope_name,
    sizes.measure,
    sizes.repository_id,
    sizes.commit_id,
    sizes.counted_commit_id,
    sizes.landed_day,
    sizes.quarter_start,
    sizes.contributor_id,
    cast(sizes.units as double) as units,
    cast(least(sizes.units, caps.cap_lines) as double) as capped_units
from marts.change_sizes as sizes
left join marts.caps
    on caps.scope = sizes.scope
    and caps.scope_name = sizes.scope_name
    and caps.measure = sizes.measure
    and caps.quarter_start = sizes.quarter_start;

comment on view marts.change_units is 'One row per scope, measure and landed change (for code_lines, where the settings count commits: commit) that has a value in it.';
comment on column marts.change_units.scope is 'organisation, repository or team';
comment on column marts.change_units.scope_name is 'name of the organisation, repository or team';
comment on column marts.change_units.measure is 'code_lines, lines_alive_30_days, lines_alive_90_days, net_lines, landed_changes or merged_pull_requests';
comment on column marts.change_units.repository_id is 'name of the repository';
comment on column marts.change_units.commit_id is 'the landed change';
comment on column marts.change_units.counted_commit_id is 'what is counted: the landed change, or a commit that it brought in';
comment on column marts.change_units.landed_day is 'day it landed';
comment on column marts.change_units.quarter_start is 'first day of its quarter';
comment on column marts.change_units.contributor_id is 'contributor who wrote most of it; null for bots and agents';
comment on column marts.change_units.units is 'units landed, in the unit of the measure';
comment on column marts.change_units.capped_units is 'units landed, capped where the measure has a cap';
