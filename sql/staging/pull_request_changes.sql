create or replace table staging.pull_request_changes as
with written as (
    select
        repository_id,
        commit_id,
        -- what a rebase keeps of a commit; a number at the end of its subject is put there later
        [
            author_name, author_email, cast(authored_at as varchar),
            regexp_replace(subject, '\s*\(#\d+\)\s*$', '')
        ] as written
    from staging.commits
    where parent_count < 2
),

tied as (
    select
        pulls.repository_id,
        pulls.pull_request_number,
        pulls.landed_by,
        pulls.landed_commit_id as commit_id,
        landings.position
    from staging.pull_requests as pulls
    left join staging.landings as landings
        on landings.repository_id = pulls.repository_id
        and landings.commit_id = pulls.landed_commit_id
    where pulls.landed_commit_id is not null
),

-- landed changes that are tied to none
free as (
    select written.repository_id, written.commit_id, written.written, landings.position
    from written
    join staging.landings as landings using (repository_id, commit_id)
    anti join tied
        on tied.repository_id = written.repository_id and tied.commit_id = written.commit_id
    where landings.is_landed_change
),

-- a stacked pull request shows the commits of the one below it: they are of the first to land
earlier as (
    select free.repository_id, tied.pull_request_number, free.commit_id
    from tied
    join staging.pull_request_commits as own using (repository_id, pull_request_number)
    join written
        on written.repository_id = own.repository_id and written.commit_id = own.commit_id
    join free
        on free.repository_id = written.repository_id
        and free.written = written.written
        and free.position < tied.position
    where tied.landed_by in ('rebased head', 'closing line')
    qualify row_number() over (
        partition by free.repository_id, free.commit_id
        order by tied.position, tied.pull_request_number
    ) = 1
)

select repository_id, pull_request_number, commit_id, true as is_last from tied
union all
select repository_id, pull_request_number, commit_id, false from earlier;

comment on table staging.pull_request_changes is 'One row per pull request and landed change that it became: one, but where a rebase landed its commits one by one.';
comment on column staging.pull_request_changes.repository_id is 'name of the repository';
comment on column staging.pull_request_changes.pull_request_number is 'number on the forge';
comment on column staging.pull_request_changes.commit_id is 'the landed change';
comment on column staging.pull_request_changes.is_last is 'whether it is the one that the pull request is tied to (landed_commit_id); else an earlier commit of it';
