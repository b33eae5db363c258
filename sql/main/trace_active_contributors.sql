create or replace macro main.trace_active_contributors(
    for_quarter,
    for_scope := 'organisation',
    for_name := null
) as table
select
    activity.scope,
    activity.scope_name,
    quarters.quarter,
    activity.contributor_id,
    min(greatest(activity.active_from, quarters.first_day)) as first_day,
    max(least(activity.active_to, quarters.last_day)) as last_day,
    cast(sum(date_diff('day', greatest(activity.active_from, quarters.first_day), least(activity.active_to, quarters.last_day)) + 1) as bigint) as active_days,
    any_value(quarters.days) as days
from marts.contributor_activity as activity
join marts.quarters as quarters
    on quarters.scope = activity.scope
    and quarters.scope_name = activity.scope_name
    and activity.active_from <= quarters.last_day
    and activity.active_to >= quarters.first_day
where activity.scope = for_scope
    and activity.scope_name = coalesce(for_name, activity.scope_name)
    and quarters.quarter = main.quarter_key(for_quarter)
group by all
order by activity.scope_name, activity.contributor_id;

comment on macro table main.trace_active_contributors is 'Who counts as active in a quarter, and on how many of its days; active_days over days adds up to the mean of active contributors: trace_active_contributors(''2026-Q2'', for_scope := ''organisation'', for_name := null).';
