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
)

select
    scope,
    scope_name,
    contributor_id,
    min(landed_day) as active_from,
    cast(max(landed_day) + any_value(activity_days) - 1 as date) as active_to
from numbered
group by scope, scope_name, contributor_id, island;

comment on table marts.contributor_activity is 'One row per scope, contributor and span of days without a break in which the contributor is active.';
comment on column marts.contributor_activity.scope is 'organisation or repository';
comment on column marts.contributor_activity.scope_name is 'name of the organisation or repository';
comment on column marts.contributor_activity.contributor_id is 'the contributor';
comment on column marts.contributor_activity.active_from is 'first day of the span: a landed change';
comment on column marts.contributor_activity.active_to is 'last day of the span: the last landed change of it plus the activity window';
