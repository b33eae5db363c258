create or replace macro main.trace_multiple(
    for_quarter,
    for_scope := 'organisation',
    for_name := null,
    for_measure := 'code_lines'
) as table
select
    units.scope,
    units.scope_name,
    units.measure,
    changes.quarter,
    units.repository_id,
    units.commit_id,
    units.counted_commit_id,
    changes.landed_at,
    units.landed_day,
    changes.subject,
    units.contributor_id,
    units.units,
    units.capped_units,
    bars.total as quarter_total,
    bars.bar,
    bars.baseline_bar,
    bars.multiple
from marts.change_units as units
join marts.landed_changes as changes using (repository_id, commit_id)
join marts.multiples as bars
    on bars.scope = units.scope
    and bars.scope_name = units.scope_name
    and bars.measure = units.measure
    and bars.quarter_start = units.quarter_start
where units.scope = for_scope
    and units.scope_name = coalesce(for_name, units.scope_name)
    and units.measure = for_measure
    and bars.quarter = main.quarter_key(for_quarter)
order by units.scope_name, units.capped_units desc, units.repository_id, units.counted_commit_id;

comment on macro table main.trace_multiple is 'The landed changes behind the multiple of a quarter, capped and uncapped: trace_multiple(''2026-Q2'', for_scope := ''organisation'', for_name := null, for_measure := ''code_lines''). Their capped units add up to quarter_total.';
