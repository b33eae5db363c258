create or replace view attribution.branch_names as
with

commits as (
    select
        repository_id,
        commit_id,
        parent_count,
        subject
    from staging.commits
),

pull_requests as (
    select
        repository_id,
        pull_request_number,
        head_commit_id,
        head_branch,
        head_branch_source,
        landed_commit_id
    from staging.pull_requests
),

branches as (
    select distinct
        refs.repository_id,
        regexp_extract(refs.ref, '^refs/(?:heads|remotes/[^/]+)/(.+)$', 1) as branch,
        refs.commit_id
    from raw.refs
    inner join raw.repositories as repositories
        on refs.repository_id = repositories.repository_id
    where branch not in ('', 'HEAD', repositories.default_branch)
),

-- A merge message of GitHub tells the owner too: `from owner/branch`.
told as (
    select
        pull_requests.repository_id,
        pull_requests.pull_request_number,
        if(
            pull_requests.head_branch_source = 'message'
                and regexp_matches(commits.subject, '^Merge pull request #\d+ from '),
            regexp_replace(pull_requests.head_branch, '^[^/]+/', ''),
            pull_requests.head_branch
        ) as branch
    from pull_requests
    left join commits
        on pull_requests.repository_id = commits.repository_id
            and pull_requests.landed_commit_id = commits.commit_id
    where pull_requests.head_branch is not null
    union
    select
        pull_requests.repository_id,
        pull_requests.pull_request_number,
        branches.branch
    from pull_requests
    inner join branches
        on pull_requests.repository_id = branches.repository_id
            and pull_requests.head_commit_id = branches.commit_id
),

pull_request_commits as (
    select
        repository_id,
        pull_request_number,
        commit_id
    from staging.pull_request_commits
    union
    select
        repository_id,
        pull_request_number,
        landed_commit_id
    from pull_requests
    where landed_commit_id is not null
),

-- On several branches, a commit may come from any of them.
alone as (
    select
        repository_id,
        commit_id,
        any_value(branch) as branch
    from raw.branch_commits
    anti join pull_request_commits using (repository_id, commit_id)
    group by repository_id, commit_id
    having count(distinct branch) = 1
),

named as (
    select
        told.repository_id,
        pull_request_commits.commit_id,
        'pull request' as source,
        told.branch
    from told
    inner join pull_request_commits
        on told.repository_id = pull_request_commits.repository_id
            and told.pull_request_number = pull_request_commits.pull_request_number
    union
    select
        repository_id,
        commit_id,
        'branch' as source,
        branch
    from alone
)

select
    named.repository_id,
    named.commit_id,
    named.source,
    named.branch
from named
inner join commits
    on named.repository_id = commits.repository_id and named.commit_id = commits.commit_id
-- a merge on a branch brings in what others wrote
where commits.parent_count < 2
;

comment on view attribution.branch_names is
'One row per commit and branch whose name may tell about it: the head branch of a pull request, for its own commits and for what it was squashed into; any other branch, for the commits on it alone.';
comment on column attribution.branch_names.repository_id is 'Repository the commit was read from.';
comment on column attribution.branch_names.commit_id is 'The commit; no merge.';
comment on column attribution.branch_names.source is 'What ties the commit to the branch: pull request or branch.';
comment on column attribution.branch_names.branch is 'Name of the branch, without owner and remote.';
