create or replace table raw.forge_repositories as
with told as (
    select repository_id as told_name from lake_forge_pull_requests
    union
    select repository_id from lake_forge_pull_request_commits
    union
    select repository_id from lake_forge_reviews
),

known as (
    select
        settings.repository_id,
        -- the path of https://host/path.git, ssh://user@host:port/path and user@host:path
        lower(regexp_replace(
            regexp_replace(repositories.remote_url, '^([a-z+]+://[^/]*/+|[^/:]+:)', ''), '(\.git)?/*$', ''
        )) as remote_path
    from raw.repository_settings as settings
    left join raw.repositories using (repository_id)
),

matches as (
    select told_name, repository_id, 1 as strength, 'name' as matched_by
    from told
    join known on known.repository_id = told.told_name
    union all
    select told_name, repository_id, 2, 'name in other letters'
    from told
    join known on lower(known.repository_id) = lower(told.told_name)
    union all
    select told_name, repository_id, 3, 'origin'
    from told
    join known on known.remote_path = lower(told.told_name)
    union all
    -- a name without owner
    select told_name, min(known.repository_id), 4, 'last part of the name'
    from told
    join known
        on list_last(string_split(lower(known.repository_id), '/')) = lower(told.told_name)
        or list_last(string_split(known.remote_path, '/')) = lower(told.told_name)
    group by told_name
    having count(distinct known.repository_id) = 1
),

best as (
    select
        told_name,
        arg_min(repository_id, (strength, repository_id)) as repository_id,
        arg_min(matched_by, (strength, repository_id)) as matched_by
    from matches
    group by told_name
)

select
    told.told_name,
    coalesce(best.repository_id, told.told_name) as repository_id,
    coalesce(best.matched_by, 'none') as matched_by,
    best.repository_id is not null or forge_settings.counts_other_repositories as is_counted
from told
cross join raw.forge_settings
left join best using (told_name)
where told.told_name is not null;

comment on table raw.forge_repositories is 'One row per name by which forges and files call a repository.';
comment on column raw.forge_repositories.told_name is 'the name, as told: owner/name';
comment on column raw.forge_repositories.repository_id is 'the repository of the settings or the call that it is, else the name as told';
comment on column raw.forge_repositories.matched_by is 'how that is known: name, name in other letters, origin, last part of the name, or none';
comment on column raw.forge_repositories.is_counted is 'whether its pull requests count: not those of other repositories where the call names some';
