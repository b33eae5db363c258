create or replace table marts.forge_counts as
with told as (
    select
        repository_id,
        pull_request_number,
        author_class,
        agent,
        outcome = 'merged' as is_merged,
        outcome = 'merged' or state = 'closed' as is_closed
    from marts.pull_requests
    where state is not null and not is_excluded
),

scoped as (
    select 'organisation' as scope, settings.organisation as scope_name, told.*
    from told
    cross join raw.settings
    union all
    select 'repository', repository_id, told.*
    from told
    union all
    select scopes.scope, scopes.scope_name, told.*
    from told
    left join marts.team_pull_requests as placed using (repository_id, pull_request_number)
    join marts.scopes
        on scopes.scope = 'team' and scopes.scope_name = coalesce(placed.team, '(no team)')
),

grouped as (
    select *, 'all' as grouping_kind, 'all' as grouping_name from scoped
    union all
    select *, 'author class', author_class from scoped
    union all
    select *, 'agent', agent from scoped where agent is not null
)

select
    scope,
    scope_name,
    grouping_kind,
    grouping_name,
    count(*) as pull_requests,
    count(*) filter (is_closed) as closed,
    count(*) filter (is_merged) as merged
from grouped
group by all;

comment on table marts.forge_counts is 'One row per scope and group of authors: pull requests whose state a forge or a file tells, by what became of them so far.';
comment on column marts.forge_counts.scope is 'organisation, repository or team';
comment on column marts.forge_counts.scope_name is 'name of the organisation, repository or team';
comment on column marts.forge_counts.grouping_kind is 'all, author class or agent';
comment on column marts.forge_counts.grouping_name is 'all, the author class, or the agent';
comment on column marts.forge_counts.pull_requests is 'pull requests (count)';
comment on column marts.forge_counts.closed is 'of those, merged or closed without a merge (count)';
comment on column marts.forge_counts.merged is 'of those, merged (count)';
