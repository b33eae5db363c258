create or replace table marts.merge_counts as
with pull_requests as (
    select
        placed.scope,
        placed.scope_name,
        pulls.quarter_start,
        unnest(['all', pulls.author_class]) as author_class,
        pulls.is_mature,
        pulls.is_mature and coalesce(pulls.is_merged_in_window, false) as is_success
    from marts.scope_pull_requests as placed
    join marts.pull_requests as pulls using (repository_id, pull_request_number)
)

select
    scope,
    scope_name,
    author_class,
    quarter_start,
    count(*) as pull_requests,
    count(*) filter (is_mature) as mature_pull_requests,
    count(*) filter (is_success) as merged
from pull_requests
group by all;

comment on table marts.merge_counts is 'One row per scope, author class and quarter of opening: counts of pull requests.';
comment on column marts.merge_counts.scope is 'organisation, repository or team';
comment on column marts.merge_counts.scope_name is 'name of the organisation, repository or team';
comment on column marts.merge_counts.author_class is 'all, or who wrote most of its commits: model, human, automation, undeclared, mixed';
comment on column marts.merge_counts.quarter_start is 'first day of the quarter of opening';
comment on column marts.merge_counts.pull_requests is 'pull requests opened (count)';
comment on column marts.merge_counts.mature_pull_requests is 'of those, old enough and of known outcome (count)';
comment on column marts.merge_counts.merged is 'of those, merged within the merge window (count)';
