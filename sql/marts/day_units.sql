create or replace view marts.day_units as
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
)

select
    days.scope,
    days.scope_name,
    measures.measure,
    days.day,
    days.quarter_start,
    measured.reason is null as is_measured,
    measured.reason,
    days.active_contributors,
    coalesce(daily.changes, 0) as landed_changes,
    coalesce(daily.units, 0) as units,
    coalesce(daily.capped_units, 0) as capped_units,
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
    and daily.day = days.day;

comment on view marts.day_units is 'One row per scope, measure and day from the first landed change of the scope to the cut-off.';
comment on column marts.day_units.scope is 'organisation, repository or team';
comment on column marts.day_units.scope_name is 'name of the organisation, repository or team';
comment on column marts.day_units.measure is 'the measure, by the names of the multiples';
comment on column marts.day_units.day is 'the day, in the time zone of the settings';
comment on column marts.day_units.quarter_start is 'first day of its quarter';
comment on column marts.day_units.is_measured is 'whether the measure can be taken of its quarter';
comment on column marts.day_units.reason is 'why it cannot; null where it can';
comment on column marts.day_units.active_contributors is 'active contributors (count)';
comment on column marts.day_units.landed_changes is 'landed changes (or commits, as the settings count) with a value (count)';
comment on column marts.day_units.units is 'units landed, in the unit of the measure';
comment on column marts.day_units.capped_units is 'units landed, capped where the measure has a cap';
comment on column marts.day_units.rate is 'capped units per active contributor; null on a day without any';
