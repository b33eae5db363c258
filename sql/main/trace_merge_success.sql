create or replace macro main.trace_merge_success(
    for_quarter,
    for_repository := null,
    for_class := 'all'
) as table
select
    main.quarter_name(pulls.quarter_start, settings.fiscal_year_start) as quarter,
    pulls.repository_id,
    pulls.pull_request_number,
    pulls.author_class,
    pulls.opened_at,
    pulls.merged_at,
    pulls.is_mature,
    pulls.is_mature and coalesce(pulls.is_merged_in_window, false) as is_success
from marts.pull_requests as pulls
cross join raw.settings
cross join marts.cutoff
where not pulls.is_excluded
    and pulls.opened_at <= cutoff.cutoff_at
    and pulls.repository_id = coalesce(for_repository, pulls.repository_id)
    and for_class in ('all', pulls.author_class)
    and main.quarter_name(pulls.quarter_start, settings.fiscal_year_start) = main.quarter_key(for_quarter)
order by pulls.repository_id, pulls.pull_request_number;

comment on macro table main.trace_merge_success is 'The pull requests behind the merge success of a quarter: is_mature is the denominator, is_success the numerator: trace_merge_success(''2026-Q2'', for_repository := null, for_class := ''all'').';
