create or replace table raw.forge_pull_requests as
with told as (
    select
        told.* replace (names.repository_id as repository_id),
        row_number() over (
            partition by names.repository_id, told.number, told.source, told.fetched_at
            order by
                coalesce(told.state = 'merged' or told.merged_at is not null, false) desc,
                told.updated_at desc nulls last,
                told.created_at,
                told.repository_id,
                hash(told)
        ) as place
    from lake_forge_pull_requests as told
    join raw.forge_repositories as names on names.told_name = told.repository_id
    where names.is_counted
)

-- two files of one time can each tell a part: of each field the first that is known
select
    repository_id,
    number,
    source,
    fetched_at,
    arg_min(columns(* exclude (repository_id, number, source, fetched_at, place)), place)
from told
group by repository_id, number, source, fetched_at;

comment on table raw.forge_pull_requests is 'One row per pull or merge request, source and time at which it was told.';
comment on column raw.forge_pull_requests.repository_id is 'name of the repository';
comment on column raw.forge_pull_requests.number is 'number on the forge';
comment on column raw.forge_pull_requests.source is 'who told it: github, gitlab, gitea, gh-json, gh-archive or table';
comment on column raw.forge_pull_requests.fetched_at is 'when the source was asked, or the time of the file (UTC)';
comment on column raw.forge_pull_requests.forge_id is 'the forge''s own id of it';
comment on column raw.forge_pull_requests.url is 'address of its page';
comment on column raw.forge_pull_requests.title is 'title';
comment on column raw.forge_pull_requests.body is 'description';
comment on column raw.forge_pull_requests.state is 'open, closed (not merged) or merged';
comment on column raw.forge_pull_requests.is_draft is 'whether it is a draft';
comment on column raw.forge_pull_requests.author_login is 'account of its author; null where the account is gone or not told';
comment on column raw.forge_pull_requests.author_id is 'number or id of that account';
comment on column raw.forge_pull_requests.author_is_bot is 'whether the forge calls that account a bot';
comment on column raw.forge_pull_requests.author_association is 'how the author belongs to the repository, in the forge''s words';
comment on column raw.forge_pull_requests.created_at is 'when it was opened (UTC)';
comment on column raw.forge_pull_requests.updated_at is 'when it last changed (UTC)';
comment on column raw.forge_pull_requests.closed_at is 'when it was closed or merged (UTC)';
comment on column raw.forge_pull_requests.merged_at is 'when it was merged (UTC)';
comment on column raw.forge_pull_requests.merged_by_login is 'account that merged it';
comment on column raw.forge_pull_requests.merge_commit_id is 'commit that it became on its base branch';
comment on column raw.forge_pull_requests.head_commit_id is 'its head commit';
comment on column raw.forge_pull_requests.head_branch is 'its branch';
comment on column raw.forge_pull_requests.head_repository is 'repository of that branch, as owner/name';
comment on column raw.forge_pull_requests.base_branch is 'branch that it is aimed at';
comment on column raw.forge_pull_requests.base_commit_id is 'commit of that branch that it was compared with';
comment on column raw.forge_pull_requests.labels is 'names of its labels';
comment on column raw.forge_pull_requests.closing_issues is 'numbers of the issues that it closes';
comment on column raw.forge_pull_requests.added is 'added lines, as the forge counts them';
comment on column raw.forge_pull_requests.deleted is 'deleted lines, as the forge counts them';
comment on column raw.forge_pull_requests.changed_files is 'changed files (count), as the forge counts them';
comment on column raw.forge_pull_requests.comments is 'comments in its conversation (count)';
comment on column raw.forge_pull_requests.review_threads is 'threads of comments on lines (count)';
comment on column raw.forge_pull_requests.resolved_threads is 'of those, resolved (count)';
comment on column raw.forge_pull_requests.checks is 'conclusion of the checks at its head: success, failure, pending, error or none';
comment on column raw.forge_pull_requests.agent is 'agent that the source itself names as its author';
