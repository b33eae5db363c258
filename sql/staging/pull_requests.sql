create or replace table staging.pull_requests as
with told as (
    select * from staging.forge_pull_requests
),

landings as (
    select repository_id, commit_id, landed_commit_id from staging.landings
),

-- a head that is itself what another became was opened from there, most often for another branch
head_landings as (
    select landings.*
    from landings
    anti join (
        select repository_id, landed_commit_id
        from raw.pull_requests
        where landed_by in ('merge message', 'subject number')
    ) as named
        on named.repository_id = landings.repository_id
        and named.landed_commit_id = landings.commit_id
),

joined as (
    select
        coalesce(told.repository_id, refs.repository_id) as repository_id,
        coalesce(told.pull_request_number, refs.number) as pull_request_number,
        refs.number is not null as is_in_clone,
        refs.ref is not null as has_ref,
        refs.head_commit_id as ref_head_commit_id,
        refs.head_branch as message_branch,
        refs.landed_commit_id as clone_landed_commit_id,
        refs.landed_by as clone_landed_by,
        refs.own_commits,
        refs.first_authored_at,
        refs.last_committed_at,
        -- the clone tells the order of what it has: a forge's telling may be older than the ref
        merges.landed_commit_id as merge_landed_commit_id,
        heads.landed_commit_id as head_landed_commit_id,
        -- a forge calls merged what it finds on the base branch while it is open: one that was
        -- closed before has not landed, its commits have, with another
        coalesce(told.state = 'closed' and refs.landed_by = 'head reachable', false) as is_superseded,
        told.* exclude (repository_id, pull_request_number)
    from raw.pull_requests as refs
    full join told
        on told.repository_id = refs.repository_id and told.pull_request_number = refs.number
    left join landings as merges
        on told.state = 'merged'
        and merges.repository_id = told.repository_id
        and merges.commit_id = told.merge_commit_id
    left join head_landings as heads
        on told.state = 'merged'
        and heads.repository_id = told.repository_id
        and heads.commit_id = told.head_commit_id
),

-- by merge commit, else by the head on the default branch, else by the number in a subject
linked as (
    select
        *,
        case
            when merge_landed_commit_id is not null then merge_landed_commit_id
            when is_superseded then null
            when clone_landed_by in ('merge message', 'head reachable') then clone_landed_commit_id
            when head_landed_commit_id is not null then head_landed_commit_id
            else clone_landed_commit_id
        end as landed_commit_id,
        case
            -- its commits landed one by one, the last of them as the merge commit
            when clone_landed_by = 'rebased head' and clone_landed_commit_id = landed_commit_id
                then clone_landed_by
            when merge_landed_commit_id is not null then 'merge commit'
            when is_superseded then null
            when clone_landed_by in ('merge message', 'head reachable') then clone_landed_by
            when head_landed_commit_id is not null then 'head reachable'
            else clone_landed_by
        end as landed_by
    from joined
)

select
    repository_id,
    pull_request_number,
    coalesce(ref_head_commit_id, head_commit_id) as head_commit_id,
    case
        when ref_head_commit_id is not null then 'refs'
        else head_commit_id_source
    end as head_commit_id_source,
    coalesce(head_branch, message_branch) as head_branch,
    case
        when head_branch is not null then head_branch_source
        when message_branch is not null then 'message'
    end as head_branch_source,
    head_repository,
    base_branch,
    base_branch_source,
    landed_commit_id,
    landed_by,
    own_commits,
    first_authored_at,
    last_committed_at,
    state,
    state_source,
    created_at,
    created_at_source,
    closed_at,
    closed_at_source,
    merged_at,
    merged_at_source,
    author_login,
    author_login_source,
    author_is_bot,
    merged_by_login,
    is_draft,
    agent,
    agent_source,
    title,
    url,
    labels,
    added as forge_added_lines,
    deleted as forge_deleted_lines,
    changed_files as forge_changed_files,
    comments,
    review_threads,
    resolved_threads,
    checks,
    told_at,
    sources,
    is_superseded,
    is_in_clone,
    has_ref,
    ref_head_commit_id,
    head_commit_id as told_head_commit_id,
    merge_commit_id as told_merge_commit_id,
    clone_landed_commit_id,
    clone_landed_by
from linked;

comment on table staging.pull_requests is 'One row per pull or merge request: what refs and messages of the clone, forges and files tell of it, put together.';
comment on column staging.pull_requests.repository_id is 'name of the repository';
comment on column staging.pull_requests.pull_request_number is 'number on the forge';
comment on column staging.pull_requests.head_commit_id is 'its head commit; null where unknown';
comment on column staging.pull_requests.head_commit_id_source is 'refs, or who told it';
comment on column staging.pull_requests.head_branch is 'head branch where told; GitHub''s merge messages put owner/ before it';
comment on column staging.pull_requests.head_branch_source is 'message, or who told it';
comment on column staging.pull_requests.head_repository is 'repository of that branch, as owner/name';
comment on column staging.pull_requests.base_branch is 'branch that it is aimed at; null where not told';
comment on column staging.pull_requests.base_branch_source is 'who told base_branch';
comment on column staging.pull_requests.landed_commit_id is 'landed change that it became; null: not on the default branch';
comment on column staging.pull_requests.landed_by is 'how that is known: merge commit, merge message, head reachable, subject number, rebased head or closing line';
comment on column staging.pull_requests.own_commits is 'its own commits (count); null where the clone does not know them';
comment on column staging.pull_requests.first_authored_at is 'earliest author time of its commits (UTC)';
comment on column staging.pull_requests.last_committed_at is 'latest committer time of its commits (UTC)';
comment on column staging.pull_requests.state is 'open, closed (not merged) or merged, as told; null where nobody told';
comment on column staging.pull_requests.state_source is 'who told the state';
comment on column staging.pull_requests.created_at is 'when it was opened (UTC), as told';
comment on column staging.pull_requests.created_at_source is 'who told created_at';
comment on column staging.pull_requests.closed_at is 'when it was closed or merged (UTC), as told';
comment on column staging.pull_requests.closed_at_source is 'who told closed_at';
comment on column staging.pull_requests.merged_at is 'when it was merged (UTC), as told';
comment on column staging.pull_requests.merged_at_source is 'who told merged_at';
comment on column staging.pull_requests.author_login is 'account of its author; null where the account is gone or not told';
comment on column staging.pull_requests.author_login_source is 'who told author_login';
comment on column staging.pull_requests.author_is_bot is 'whether the forge calls that account a bot';
comment on column staging.pull_requests.merged_by_login is 'account that merged it';
comment on column staging.pull_requests.is_draft is 'whether it is a draft';
comment on column staging.pull_requests.agent is 'agent that the source itself names as its author';
comment on column staging.pull_requests.agent_source is 'who told agent';
comment on column staging.pull_requests.title is 'title';
comment on column staging.pull_requests.url is 'address of its page';
comment on column staging.pull_requests.labels is 'names of its labels';
comment on column staging.pull_requests.forge_added_lines is 'added lines, as the forge counts them';
comment on column staging.pull_requests.forge_deleted_lines is 'deleted lines, as the forge counts them';
comment on column staging.pull_requests.forge_changed_files is 'changed files (count), as the forge counts them';
comment on column staging.pull_requests.comments is 'comments in its conversation (count)';
comment on column staging.pull_requests.review_threads is 'threads of comments on lines (count)';
comment on column staging.pull_requests.resolved_threads is 'of those, resolved (count)';
comment on column staging.pull_requests.checks is 'conclusion of the checks at its head: success, failure, pending, error or none';
comment on column staging.pull_requests.told_at is 'when a forge or file last told of it (UTC); null where only the clone knows it';
comment on column staging.pull_requests.sources is 'forges and files that told of it; null where only the clone knows it';
comment on column staging.pull_requests.is_superseded is 'whether it was closed, and its head landed with another: then no landed change is its own';
comment on column staging.pull_requests.is_in_clone is 'whether a ref or a message of the clone names it';
comment on column staging.pull_requests.has_ref is 'whether a ref of the clone names its head';
comment on column staging.pull_requests.ref_head_commit_id is 'head by its ref';
comment on column staging.pull_requests.told_head_commit_id is 'head as told';
comment on column staging.pull_requests.told_merge_commit_id is 'merge commit as told';
comment on column staging.pull_requests.clone_landed_commit_id is 'landed change by refs and messages alone';
comment on column staging.pull_requests.clone_landed_by is 'how refs and messages alone tell it';
