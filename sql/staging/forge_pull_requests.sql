create or replace table staging.forge_pull_requests as
with ranked as (
    select
        *,
        -- the newest telling counts; of several at the same time, what a forge said itself
        (fetched_at, -coalesce(list_position(
            ['github', 'gitlab', 'gitea', 'gh-json', 'gh-archive'], source
        ), 9), source) as rank
    from raw.forge_pull_requests
),

-- each field is the newest that is known: what one telling leaves out, an older one knows
told as (
    select
        repository_id,
        number as pull_request_number,
        max(fetched_at) as told_at,
        list_sort(list(distinct source)) as sources,
        bool_or(state = 'merged' or merged_at is not null) as was_merged,
        arg_max(state, rank) as last_state,
        -- closed, and nobody said whether by a merge
        coalesce(
            max(rank) filter (state is null and closed_at is not null)
                > max(rank) filter (state is not null),
            false
        ) as is_last_state_old,
        arg_max(source, rank) filter (state is not null) as last_state_source,
        arg_max(source, rank) filter (state = 'merged' or merged_at is not null) as merged_source,
        arg_max(closed_at, rank) as last_closed_at,
        arg_max(source, rank) filter (closed_at is not null) as last_closed_at_source,
        arg_max(forge_id, rank) as forge_id,
        arg_max(url, rank) as url,
        arg_max(title, rank) as title,
        arg_max(body, rank) as body,
        arg_max(is_draft, rank) as is_draft,
        arg_max(author_login, rank) as author_login,
        arg_max(source, rank) filter (author_login is not null) as author_login_source,
        arg_max(author_id, rank) as author_id,
        arg_max(author_is_bot, rank) as author_is_bot,
        arg_max(author_association, rank) as author_association,
        arg_max(created_at, rank) as created_at,
        arg_max(source, rank) filter (created_at is not null) as created_at_source,
        arg_max(updated_at, rank) as updated_at,
        arg_max(merged_at, rank) as merged_at,
        arg_max(source, rank) filter (merged_at is not null) as merged_at_source,
        arg_max(merged_by_login, rank) as merged_by_login,
        arg_max(merge_commit_id, rank) filter (state = 'merged' or merged_at is not null) as merge_commit_id,
        arg_max(source, rank) filter (merge_commit_id is not null) as merge_commit_id_source,
        arg_max(head_commit_id, rank) as head_commit_id,
        arg_max(source, rank) filter (head_commit_id is not null) as head_commit_id_source,
        arg_max(head_branch, rank) as head_branch,
        arg_max(source, rank) filter (head_branch is not null) as head_branch_source,
        arg_max(head_repository, rank) as head_repository,
        arg_max(base_branch, rank) as base_branch,
        arg_max(source, rank) filter (base_branch is not null) as base_branch_source,
        arg_max(base_commit_id, rank) as base_commit_id,
        arg_max(labels, rank) as labels,
        arg_max(closing_issues, rank) as closing_issues,
        arg_max(added, rank) as added,
        arg_max(deleted, rank) as deleted,
        arg_max(changed_files, rank) as changed_files,
        arg_max(comments, rank) as comments,
        arg_max(review_threads, rank) as review_threads,
        arg_max(resolved_threads, rank) as resolved_threads,
        arg_max(checks, rank) as checks,
        arg_max(agent, rank) as agent,
        arg_max(source, rank) filter (agent is not null) as agent_source
    from ranked
    group by repository_id, number
)

select
    repository_id,
    pull_request_number,
    told_at,
    sources,
    -- a merge is never undone
    case
        when was_merged then 'merged'
        when not is_last_state_old then last_state
    end as state,
    case
        when was_merged then merged_source
        when not is_last_state_old then last_state_source
    end as state_source,
    -- reopened: it is not closed any more
    case
        when state = 'open' then null
        when state = 'merged' then coalesce(merged_at, last_closed_at)
        else last_closed_at
    end as closed_at,
    case
        when closed_at is null then null
        when state = 'merged' and merged_at is not null then merged_at_source
        else last_closed_at_source
    end as closed_at_source,
    forge_id,
    url,
    title,
    body,
    is_draft,
    author_login,
    author_login_source,
    author_id,
    author_is_bot,
    author_association,
    created_at,
    created_at_source,
    updated_at,
    merged_at,
    merged_at_source,
    merged_by_login,
    merge_commit_id,
    merge_commit_id_source,
    head_commit_id,
    head_commit_id_source,
    head_branch,
    head_branch_source,
    head_repository,
    base_branch,
    base_branch_source,
    base_commit_id,
    labels,
    closing_issues,
    added,
    deleted,
    changed_files,
    comments,
    review_threads,
    resolved_threads,
    checks,
    agent,
    agent_source
from told;

comment on table staging.forge_pull_requests is 'One row per pull or merge request that a forge or a file tells of; each field as last told.';
comment on column staging.forge_pull_requests.repository_id is 'name of the repository';
comment on column staging.forge_pull_requests.pull_request_number is 'number on the forge';
comment on column staging.forge_pull_requests.told_at is 'when it was last told (UTC)';
comment on column staging.forge_pull_requests.sources is 'who told of it';
comment on column staging.forge_pull_requests.state is 'open, closed (not merged) or merged; merged where any source says so';
comment on column staging.forge_pull_requests.state_source is 'who told the state';
comment on column staging.forge_pull_requests.closed_at is 'when it was closed or merged (UTC); null while it is open';
comment on column staging.forge_pull_requests.closed_at_source is 'who told closed_at';
comment on column staging.forge_pull_requests.forge_id is 'the forge''s own id of it';
comment on column staging.forge_pull_requests.url is 'address of its page';
comment on column staging.forge_pull_requests.title is 'title';
comment on column staging.forge_pull_requests.body is 'description';
comment on column staging.forge_pull_requests.is_draft is 'whether it is a draft';
comment on column staging.forge_pull_requests.author_login is 'account of its author; null where the account is gone or not told';
comment on column staging.forge_pull_requests.author_login_source is 'who told author_login';
comment on column staging.forge_pull_requests.author_id is 'number or id of that account';
comment on column staging.forge_pull_requests.author_is_bot is 'whether the forge calls that account a bot';
comment on column staging.forge_pull_requests.author_association is 'how the author belongs to the repository, in the forge''s words';
comment on column staging.forge_pull_requests.created_at is 'when it was opened (UTC)';
comment on column staging.forge_pull_requests.created_at_source is 'who told created_at';
comment on column staging.forge_pull_requests.updated_at is 'when it last changed (UTC)';
comment on column staging.forge_pull_requests.merged_at is 'when it was merged (UTC)';
comment on column staging.forge_pull_requests.merged_at_source is 'who told merged_at';
comment on column staging.forge_pull_requests.merged_by_login is 'account that merged it';
comment on column staging.forge_pull_requests.merge_commit_id is 'commit that it became on its base branch';
comment on column staging.forge_pull_requests.merge_commit_id_source is 'who told merge_commit_id';
comment on column staging.forge_pull_requests.head_commit_id is 'its head commit';
comment on column staging.forge_pull_requests.head_commit_id_source is 'who told head_commit_id';
comment on column staging.forge_pull_requests.head_branch is 'its branch';
comment on column staging.forge_pull_requests.head_branch_source is 'who told head_branch';
comment on column staging.forge_pull_requests.head_repository is 'repository of that branch, as owner/name';
comment on column staging.forge_pull_requests.base_branch is 'branch that it is aimed at';
comment on column staging.forge_pull_requests.base_branch_source is 'who told base_branch';
comment on column staging.forge_pull_requests.base_commit_id is 'commit of that branch that it was compared with';
comment on column staging.forge_pull_requests.labels is 'names of its labels';
comment on column staging.forge_pull_requests.closing_issues is 'numbers of the issues that it closes';
comment on column staging.forge_pull_requests.added is 'added lines, as the forge counts them';
comment on column staging.forge_pull_requests.deleted is 'deleted lines, as the forge counts them';
comment on column staging.forge_pull_requests.changed_files is 'changed files (count), as the forge counts them';
comment on column staging.forge_pull_requests.comments is 'comments in its conversation (count)';
comment on column staging.forge_pull_requests.review_threads is 'threads of comments on lines (count)';
comment on column staging.forge_pull_requests.resolved_threads is 'of those, resolved (count)';
comment on column staging.forge_pull_requests.checks is 'conclusion of the checks at its head: success, failure, pending, error or none';
comment on column staging.forge_pull_requests.agent is 'agent that the source itself names as its author';
comment on column staging.forge_pull_requests.agent_source is 'who told agent';
