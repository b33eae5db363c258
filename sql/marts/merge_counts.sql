create or replace table marts.merge_counts as
with opened as (
    select
        pulls.*,
        cast(pulls.opened_at at time zone settings.time_zone as date) as opened_day,
        pulls.is_mature and coalesce(pulls.is_merged_in_window, false) as is_success
    from marts.pull_requests as pulls
    cross join marts.cutoff
    cross join raw.settings
    where not pulls.is_excluded and pulls.opened_at <= cutoff.cutoff_at
),

-- a member's on the day that it was opened, since not every one lands
in_teams as (
    select opened.repository_id, opened.pull_request_number, members.team
    from opened
    join marts.team_memberships as members
        on members.contributor_id = opened.contributor_id
        and opened.opened_day between members.first_day and members.last_day
    union
    select opened.repository_id, opened.pull_request_number, owned.team
    from opened
    join raw.team_repositories as owned using (repository_id)
),

held as (
    select scopes.scope, scopes.scope_name, opened.*
    from marts.scopes
    cross join opened
    where scopes.scope = 'organisation'
    union all
    select scopes.scope, scopes.scope_name, opened.*
    from marts.scopes
    join opened on opened.repository_id = scopes.repository_id
    union all
    select scopes.scope, scopes.scope_name, opened.*
    from opened
    left join in_teams using (repository_id, pull_request_number)
    join marts.scopes
        on scopes.scope = 'team' and scopes.scope_name = coalesce(in_teams.team, '(no team)')
),

pull_requests as (
    select
        scope,
        scope_name,
        quarter_start,
        unnest(['all', author_class]) as author_class,
        is_mature,
        is_success
    from held
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
