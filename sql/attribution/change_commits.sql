create or replace table attribution.change_commits as
with landings as (
    select * from staging.landings
),

commits as (
    select
        repository_id,
        commit_id,
        parent_count,
        -- what a rebase and a cherry-pick keep of a commit
        [author_name, author_email, cast(authored_at as varchar), subject] as written
    from staging.commits
),

brought as (
    select landings.repository_id, landings.landed_commit_id, landings.commit_id
    from landings
    join commits using (repository_id, commit_id)
    where not landings.is_landed_change and commits.parent_count < 2
),

-- the commits of a pull request that landed as one commit
squashed as (
    select
        pull_requests.repository_id,
        pull_requests.landed_commit_id,
        own.commit_id,
        commits.written,
        landed.position,
        pull_requests.pull_request_number
    from staging.pull_requests
    join staging.pull_request_commits as own using (repository_id, pull_request_number)
    join landings as landed
        on landed.repository_id = pull_requests.repository_id
        and landed.commit_id = pull_requests.landed_commit_id
        and landed.is_landed_change
    join commits as squash
        on squash.repository_id = pull_requests.repository_id
        and squash.commit_id = pull_requests.landed_commit_id
        and squash.parent_count < 2
    join commits on commits.repository_id = own.repository_id and commits.commit_id = own.commit_id
    -- of a rebased pull request each commit has landed by itself
    anti join (
        select distinct repository_id, pull_request_number
        from staging.pull_request_changes
        where not is_last
    ) as rebased
        on rebased.repository_id = pull_requests.repository_id
        and rebased.pull_request_number = pull_requests.pull_request_number
    where pull_requests.landed_by != 'rebased head' and commits.parent_count < 2
),

-- A stacked pull request shows the commits of the one below it, as they are or rebased: they
-- count where they landed first. The same holds for a commit picked from elsewhere.
first_squashed as (
    select repository_id, landed_commit_id, commit_id
    from squashed
    anti join landings
        on landings.repository_id = squashed.repository_id and landings.commit_id = squashed.commit_id
    qualify row_number() over (
        partition by repository_id, written
        order by position, pull_request_number, commit_id
    ) = 1
),

several as (
    select repository_id, landed_commit_id, commit_id, 'merge' as kind from brought
    union all
    select repository_id, landed_commit_id, commit_id, 'squash' as kind from first_squashed
),

alone as (
    select landings.repository_id, landings.landed_commit_id, landings.commit_id, 'itself' as kind
    from landings
    anti join several using (repository_id, landed_commit_id)
    where landings.is_landed_change
)

select * from several
union all
select * from alone;

comment on table attribution.change_commits is 'One row per landed change and commit that its lines are attributed by: for a merge the commits that it brought in without merges among them, for a squash the commits of its pull request, else itself.';
comment on column attribution.change_commits.repository_id is 'name of the repository';
comment on column attribution.change_commits.landed_commit_id is 'the landed change';
comment on column attribution.change_commits.commit_id is 'a commit that its lines are attributed by';
comment on column attribution.change_commits.kind is 'how the commit came into the change: merge, squash, or itself';
