create or replace macro main.trace_merge_success(
    for_quarter,
    for_scope := 'organisation',
    for_name := null,
    for_class := 'all'
) as table
select
    placed.scope,
    placed.scope_name,
    main.quarter_name(pulls.quarter_start, settings.fiscal_year_start) as quarter,
    pulls.repository_id,
    pulls.pull_request_number,
    pulls.author_class,
    pulls.opened_at,
    pulls.merged_at,
    pulls.is_mature,
    pulls.is_mature and coalesce(pulls.is_merged_in_window, false) as is_success
from marts.scope_pull_requests as placed
join marts.pull_requests as pulls using (repository_id, pull_request_number)
cross join raw.settings
where placed.scope = for_scope
    and placed.scope_name = coalesce(for_name, placed.scope_name)
    and for_class in ('all', pulls.author_class)
    and main.quarter_name(pulls.quarter_start, settings.fiscal_year_start) = main.quarter_key(for_quarter)
order by placed.scope_name, placed.repository_id, placed.pull_request_number;

comment on macro table main.trace_merge_success is 'The pull requests behind the merge success of a quarter: is_mature is the denominator, is_success the numerator: trace_merge_success(''2026-Q2'', for_scope := ''organisation'', for_name := null, for_class := ''all'').';
