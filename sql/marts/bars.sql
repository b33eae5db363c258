create or replace table marts.bars as
with measures as (
    select distinct measure from marts.measured_quarters
),

daily as (
    select
        scope,
        scope_name,
        measure,
        landed_day as day,
        sum(capped_units) as capped_units,
        sum(units) as units,
        count(*) as changes
    from marts.change_units
    group by all
),

per_day as (
    select
        days.scope,
        days.scope_name,
        measures.measure,
        measured.reason is null as is_measured,
        days.quarter_start,
        days.active_contributors,
        coalesce(daily.capped_units, 0) as capped_units,
        coalesce(daily.units, 0) as units,
        coalesce(daily.changes, 0) as changes,
        coalesce(daily.capped_units, 0) / nullif(days.active_contributors, 0) as rate
    from marts.days
    cross join measures
    join marts.measured_quarters as measured
        on measured.scope = days.scope
        and measured.scope_name = days.scope_name
        and measured.measure = measures.measure
        and measured.quarter_start = days.quarter_start
    left join daily
        on daily.scope = days.scope
        and daily.scope_name = days.scope_name
        and daily.measure = measures.measure
        and daily.day = days.day
)

select
    scope,
    scope_name,
    measure,
    quarter_start,
    cast(sum(changes) as bigint) as landed_changes,
    sum(capped_units) filter (is_measured) as total,
    sum(units) filter (is_measured) as uncapped_total,
    avg(active_contributors) as active_contributors,
    main.exact_sum(case when is_measured then rate end)
        / nullif(count(rate) filter (is_measured), 0) as bar
from per_day
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
