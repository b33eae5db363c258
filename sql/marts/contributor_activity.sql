create or replace table marts.contributor_activity as
with commits as (
    select repository_id, landed_commit_id, commit_id from staging.landings
    union
    select repository_id, landed_commit_id, commit_id from attribution.change_commits
),

authored as (
    -- as author of a landed change, or of a commit that it brought in or was squashed from
    select distinct
        changes.scope,
        changes.scope_name,
        authors.contributor_id,
        changes.landed_day
    from marts.scope_changes as changes
    join commits
        on commits.repository_id = changes.repository_id
        and commits.landed_commit_id = changes.commit_id
    join attribution.commit_contributors as authors
        on authors.repository_id = commits.repository_id
        and authors.commit_id = commits.commit_id
    where authors.contributor_id is not null
        and (
            changes.scope != 'team'
            or changes.scope_name = '(no team)'
            or (changes.scope_name, changes.repository_id) in (
                select (team, repository_id) from raw.team_repositories
            )
        )
),

islands as (
    select
        authored.*,
        settings.activity_days,
        authored.landed_day > coalesce(
            lag(authored.landed_day) over person + settings.activity_days,
            date '-infinity'
        ) as opens
    from authored
    cross join raw.settings
    window person as (partition by scope, scope_name, contributor_id order by landed_day)
),

numbered as (
    select *, count_if(opens) over person as island
    from islands
    window person as (partition by scope, scope_name, contributor_id order by landed_day)
),

spans as (
    select
        scope,
        scope_name,
        contributor_id,
        min(landed_day) as active_from,
        cast(max(landed_day) + any_value(activity_days) - 1 as date) as active_to
    from numbered
    group by scope, scope_name, contributor_id, island
),

-- a member is active in the team while active anywhere, from the first day in it to the last
with_members as (
    select * from spans
    union
    select
        'team',
        members.team,
        spans.contributor_id,
        greatest(spans.active_from, members.first_day),
        least(spans.active_to, members.last_day)
    from spans
    join marts.team_memberships as members using (contributor_id)
    where spans.scope = 'organisation'
        and spans.active_from <= members.last_day
        and spans.active_to >= members.first_day
),

-- a member may be active in a repository of the team, too
marked as (
    select
        *,
        active_from > coalesce(
            max(active_to) over (
                partition by scope, scope_name, contributor_id
                order by active_from, active_to
                rows between unbounded preceding and 1 preceding
            ),
            date '-infinity'
        ) as opens
    from with_members
),

merged as (
    select
        *,
        count_if(opens) over (
            partition by scope, scope_name, contributor_id
            order by active_from, active_to
            rows unbounded preceding
        ) as island
    from marked
)

select
    scope,
    scope_name,
    contributor_id,
    min(active_from) as active_from,
    max(active_to) as active_to
from merged
group by scope, scope_name, contributor_id, island;

comment on table marts.contributor_activity is 'One row per scope, contributor and span of days without a break in which the contributor is active.';
comment on column marts.contributor_activity.scope is 'organisation, repository or team';
comment on column marts.contributor_activity.scope_name is 'name of the organisation, repository or team';
comment on column marts.contributor_activity.contributor_id is 'the contributor';
comment on column marts.contributor_activity.active_from is 'first day of the span: a landed change, or the first day in the team';
comment on column marts.contributor_activity.active_to is 'last day of the span: the last landed change of it plus the activity window, or the last day in the team';
