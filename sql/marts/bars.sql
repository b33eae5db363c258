create or replace table marts.bars as
select
    scope,
    scope_name,
    measure,
    quarter_start,
    cast(sum(landed_changes) as bigint) as landed_changes,
    sum(capped_units) filter (is_measured) as total,
    sum(units) filter (is_measured) as uncapped_total,
    avg(active_contributors) as active_contributors,
    main.exact_sum(case when is_measured then rate end)
        / nullif(count(rate) filter (is_measured), 0) as bar
from marts.day_units
group by all;

comment on table marts.bars is 'One row per scope, measure and quarter.';
comment on column marts.bars.scope is 'organisation, repository or team';
comment on column marts.bars.scope_name is 'name of the organisation, repository or team';
comment on column marts.bars.measure is 'code_lines, lines_alive_30_days, lines_alive_90_days, net_lines, landed_changes or merged_pull_requests';
comment on column marts.bars.quarter_start is 'first day of the quarter';
comment on column marts.bars.landed_changes is 'landed changes with a value (count)';
comment on column marts.bars.total is 'units landed in the quarter, capped where the measure has a cap; null where it cannot be taken';
comment on column marts.bars.uncapped_total is 'units landed in the quarter; null where the measure cannot be taken';
comment on column marts.bars.active_contributors is 'active contributors, mean over the days measured';
comment on column marts.bars.bar is 'units landed per active contributor and day, mean over the days with an active contributor; null without such a day, or where the measure cannot be taken';
