create or replace macro main.trace_reviews(
    for_quarter,
    for_scope := 'organisation',
    for_name := null,
    for_class := 'all'
) as table
select
    placed.scope,
    placed.scope_name,
    main.quarter_name(main.quarter_of(pulls.merged_at at time zone settings.time_zone, settings.fiscal_year_start), settings.fiscal_year_start) as quarter,
    pulls.repository_id,
    pulls.pull_request_number,
    pulls.author_class,
    pulls.opened_at,
    pulls.first_reviewed_at,
    pulls.merged_at,
    pulls.are_reviews_told,
    pulls.reviews as human_reviews,
    pulls.bot_reviews
from marts.scope_pull_requests as placed
join marts.pull_requests as pulls using (repository_id, pull_request_number)
cross join raw.settings
cross join marts.cutoff
where pulls.merged_at <= cutoff.cutoff_at
    and placed.scope = for_scope
    and placed.scope_name = coalesce(for_name, placed.scope_name)
    and for_class in ('all', pulls.author_class)
    and main.quarter_name(main.quarter_of(pulls.merged_at at time zone settings.time_zone, settings.fiscal_year_start), settings.fiscal_year_start)
        = main.quarter_key(for_quarter)
order by placed.scope_name, placed.repository_id, placed.pull_request_number;

comment on macro table main.trace_reviews is 'The pull requests behind the review load of the quarter in which they were merged: trace_reviews(''2026-Q2'', for_scope := ''organisation'', for_name := null, for_class := ''all'').';
