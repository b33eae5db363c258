create or replace macro main.trace_success_ladder(
    for_quarter,
    for_scope := 'organisation',
    for_name := null,
    for_class := 'all'
) as table
select
    placed.scope,
    placed.scope_name,
    main.quarter_name(ladder.quarter_start, settings.fiscal_year_start) as quarter,
    ladder.repository_id,
    ladder.pull_request_number,
    ladder.author_class,
    ladder.agent,
    ladder.tier,
    ladder.is_merged,
    ladder.is_not_reverted,
    ladder.is_alive
from marts.scope_pull_requests as placed
join marts.pull_request_ladder as ladder using (repository_id, pull_request_number)
cross join raw.settings
where placed.scope = for_scope
    and placed.scope_name = coalesce(for_name, placed.scope_name)
    and for_class in ('all', ladder.author_class)
    and main.quarter_name(ladder.quarter_start, settings.fiscal_year_start) = main.quarter_key(for_quarter)
order by placed.scope_name, placed.repository_id, placed.pull_request_number;

comment on macro table main.trace_success_ladder is 'The pull requests behind the success ladder of a quarter: on each rung, what is not null is a trial, and what is true a success: trace_success_ladder(''2026-Q2'', for_scope := ''organisation'', for_name := null, for_class := ''all'').';
