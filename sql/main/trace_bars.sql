create or replace macro main.trace_bars(
    for_quarter,
    for_scope := 'organisation',
    for_name := null,
    for_measure := 'code_lines'
) as table
select
    days.scope,
    days.scope_name,
    days.measure,
    bars.quarter,
    days.day,
    days.active_contributors,
    days.landed_changes,
    days.units,
    days.capped_units,
    days.rate,
    bars.bar
from marts.day_units as days
join marts.multiples as bars
    on bars.scope = days.scope
    and bars.scope_name = days.scope_name
    and bars.measure = days.measure
    and bars.quarter_start = days.quarter_start
where days.scope = for_scope
    and days.scope_name = coalesce(for_name, days.scope_name)
    and days.measure = for_measure
    and bars.quarter = main.quarter_key(for_quarter)
order by days.scope_name, days.day;

comment on macro table main.trace_bars is 'The days behind the bar of a quarter, each with its rate, whose mean is the bar: trace_bars(''2026-Q2'', for_scope := ''organisation'', for_name := null, for_measure := ''code_lines'').';
