create or replace macro main.trace_time_to_merge(
    for_quarter,
    for_scope := 'organisation',
    for_name := null,
    for_class := 'all'
) as table
select
    waits.scope,
    waits.scope_name,
    main.quarter_name(waits.quarter_start, settings.fiscal_year_start) as quarter,
    waits.repository_id,
    waits.pull_request_number,
    waits.author_class,
    waits.is_merged,
    waits.days
from marts.merge_durations as waits
cross join raw.settings
where waits.scope = for_scope
    and waits.scope_name = coalesce(for_name, waits.scope_name)
    and waits.author_class = for_class
    and main.quarter_name(waits.quarter_start, settings.fiscal_year_start) = main.quarter_key(for_quarter)
order by waits.scope_name, waits.repository_id, waits.pull_request_number;

comment on macro table main.trace_time_to_merge is 'The pull requests behind the time to merge of a quarter, each with the days until its merge, or as long as it was watched without one: trace_time_to_merge(''2026-Q2'', for_scope := ''organisation'', for_name := null, for_class := ''all'').';
