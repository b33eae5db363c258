create or replace table marts.repositories as
with changes as (
    select
        repository_id,
        count(*) as landed_changes,
        min(landed_at) as first_landed_at,
        max(landed_at) as last_landed_at,
        cast(sum(added_lines) as bigint) as added_lines,
        cast(sum(deleted_lines) as bigint) as deleted_lines,
        cast(sum(code_lines) as bigint) as code_lines,
        count(distinct contributor_id) as contributors,
        cast(sum(missing_files) as bigint) as missing_files,
        count(*) filter (files is null) as changes_without_diff
    from marts.landed_changes
    group by repository_id
),

pull_requests as (
    select repository_id, count(*) as pull_requests
    from marts.pull_requests
    group by repository_id
)

select
    settings.repository_id,
    settings.team,
    repositories.path,
    repositories.remote_url,
    repositories.default_branch,
    repositories.tip_commit_id,
    coalesce(changes.landed_changes, 0) as landed_changes,
    changes.first_landed_at,
    changes.last_landed_at,
    changes.added_lines,
    changes.deleted_lines,
    changes.code_lines,
    coalesce(changes.contributors, 0) as contributors,
    pull_requests.pull_requests,
    repositories.is_shallow,
    coalesce(changes.missing_files, 0) as missing_files,
    coalesce(changes.changes_without_diff, 0) as changes_without_diff,
    repositories.mined_at,
    case when settings.problem is null then 'fresh' else 'stale' end as status,
    settings.problem
from raw.repository_settings as settings
left join raw.repositories using (repository_id)
left join changes using (repository_id)
left join pull_requests using (repository_id);

comment on table marts.repositories is 'One row per repository in the settings or the call.';
comment on column marts.repositories.repository_id is 'name of the repository';
comment on column marts.repositories.team is 'team that owns it; null where none is set';
comment on column marts.repositories.path is 'where it was read; null where it never was';
comment on column marts.repositories.remote_url is 'URL of its origin, without credentials';
comment on column marts.repositories.default_branch is 'short name of the default branch';
comment on column marts.repositories.tip_commit_id is 'commit at its tip';
comment on column marts.repositories.landed_changes is 'landed changes (count)';
comment on column marts.repositories.first_landed_at is 'oldest landed change (UTC)';
comment on column marts.repositories.last_landed_at is 'newest landed change (UTC)';
comment on column marts.repositories.added_lines is 'added lines of all landed changes, all file classes';
comment on column marts.repositories.deleted_lines is 'deleted lines of all landed changes, all file classes';
comment on column marts.repositories.code_lines is 'added lines in files of class source and test';
comment on column marts.repositories.contributors is 'contributors with a landed change that is mostly theirs (count)';
comment on column marts.repositories.pull_requests is 'pull requests known from refs, messages, forges and files (count); null without any';
comment on column marts.repositories.is_shallow is 'whether it is a shallow clone, whose older history is missing';
comment on column marts.repositories.missing_files is 'file changes of landed changes without line counts because a blob is missing (count)';
comment on column marts.repositories.changes_without_diff is 'landed changes whose diff is not known (count)';
comment on column marts.repositories.mined_at is 'when it was last found to have changed and was mined (UTC)';
comment on column marts.repositories.status is 'fresh, or stale where the last run could not mine it';
comment on column marts.repositories.problem is 'why it is stale';
