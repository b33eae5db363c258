create or replace table attribution.reverts as
with statements as (
    select
        row_number() over (
            order by said.repository_id, said.commit_id, said_by, named_id, named_number, named_title, named_depth
        ) as statement,
        said.*,
        titles.is_part as is_among_others
    from attribution.revert_statements as said
    join attribution.change_titles as titles using (repository_id, commit_id)
),

titles as (
    select * from attribution.change_titles
),

commits as (
    select repository_id, commit_id, author_email, authored_at, subject, message from staging.commits
),

-- an id may be that of a commit before it was squashed, rebased or picked
named_commits as (
    select
        statements.statement,
        statements.repository_id,
        commits.* exclude (repository_id, message)
    from statements
    join commits
        on commits.repository_id = statements.repository_id
        and left(commits.commit_id, 7) = left(statements.named_id, 7)
        and starts_with(commits.commit_id, statements.named_id)
),

landed_copies as (
    select commits.*, titles.landed_commit_id, titles.position, titles.is_part
    from commits
    join titles using (repository_id, commit_id)
    semi join named_commits
        on named_commits.repository_id = commits.repository_id
        and named_commits.authored_at = commits.authored_at
),

picked as (
    select
        repository_id,
        landed_commit_id,
        position,
        is_part,
        lower(unnest(regexp_extract_all(message, 'cherry[- ]picked from (?:commit )?([0-9a-f]{7,64})', 1))) as picked_id
    from commits
    join titles using (repository_id, commit_id)
    where contains(message, 'picked from')
),

pulls as (
    select
        pulls.repository_id,
        pulls.pull_request_number,
        pulls.landed_commit_id,
        landings.position,
        pulls.own_commits,
        count(*) over (partition by pulls.repository_id, pulls.landed_commit_id) > 1 as is_one_of_several
    from staging.pull_requests as pulls
    join staging.landings
        on landings.repository_id = pulls.repository_id and landings.commit_id = pulls.landed_commit_id
),

-- what each statement may mean, the surest first
meant as (
    select named.statement, titles.landed_commit_id, titles.position, titles.is_part, 1 as choice
    from named_commits as named
    join titles using (repository_id, commit_id)
    union all
    select named.statement, pulls.landed_commit_id, pulls.position, pulls.own_commits > 1, 2
    from named_commits as named
    join staging.pull_request_commits as own using (repository_id, commit_id)
    join pulls using (repository_id, pull_request_number)
    union all
    select named.statement, copies.landed_commit_id, copies.position, copies.is_part, 3
    from named_commits as named
    join landed_copies as copies using (repository_id, author_email, authored_at, subject)
    union all
    select statements.statement, picked.landed_commit_id, picked.position, picked.is_part, 4
    from statements
    join picked
        on picked.repository_id = statements.repository_id
        and left(picked.picked_id, 7) = left(statements.named_id, 7)
        and (
            starts_with(picked.picked_id, statements.named_id)
            or starts_with(statements.named_id, picked.picked_id)
        )
    union all
    select statements.statement, pulls.landed_commit_id, pulls.position, pulls.is_one_of_several, 1
    from statements
    join pulls
        on pulls.repository_id = statements.repository_id
        and pulls.pull_request_number = statements.named_number
    union all
    select statements.statement, titles.landed_commit_id, titles.position, titles.is_part, 1
    from statements
    join titles
        on titles.repository_id = statements.repository_id
        and titles.base_title = statements.named_title
        and titles.depth = statements.named_depth
    where titles.base_title != ''
    union all
    select statements.statement, titles.landed_commit_id, titles.position, titles.is_part, 1
    from statements
    join titles
        on titles.repository_id = statements.repository_id
        and left(titles.base_title, 20) = left(statements.named_title, 20)
        and starts_with(titles.base_title, statements.named_title)
        and titles.depth = statements.named_depth
    where statements.is_cut and length(statements.named_title) >= 20
),

-- of several, the latest before it; what landed in the same change is none
resolved as (
    select
        statements.*,
        meant.landed_commit_id as undone_commit_id,
        meant.position as undone_position,
        meant.is_part
    from statements
    join meant using (statement)
    where meant.position < statements.position
    qualify row_number() over (
        partition by statement
        order by meant.choice, meant.position desc, meant.is_part, meant.landed_commit_id
    ) = 1
),

-- a title may be shared, so it speaks only where the message names nothing surer
sure as (
    select *
    from resolved
    qualify said_by != 'title' or bool_and(said_by = 'title') over (partition by repository_id, commit_id)
),

direct as (
    select * exclude (is_return) from sure where not is_return
),

-- "Reland x" undoes the revert of x
returns as (
    select
        returned.* exclude (is_return, undone_commit_id, undone_position, is_part),
        direct.landed_commit_id as undone_commit_id,
        direct.position as undone_position,
        false as is_part
    from sure as returned
    join direct
        on direct.repository_id = returned.repository_id
        and direct.undone_commit_id = returned.undone_commit_id
        and direct.position < returned.position
    where returned.is_return
    qualify row_number() over (partition by returned.statement order by direct.position desc, direct.commit_id) = 1
),

pairs as (
    select
        repository_id,
        landed_commit_id as commit_id,
        undone_commit_id,
        min(said_by) as said_by,
        bool_or(is_said_partial) as is_said_partial,
        bool_and(is_part) as is_part,
        bool_and(is_among_others) as is_among_others,
        any_value(position) as position,
        any_value(undone_position) as undone_position
    from (from direct union all by name from returns)
    group by repository_id, landed_commit_id, undone_commit_id
),

files as (
    select
        changes.repository_id,
        changes.commit_id,
        changes.path,
        changes.added_lines,
        changes.deleted_lines,
        changes.is_missing
    from staging.file_changes as changes
    semi join (
        select repository_id, commit_id from pairs
        union
        select repository_id, undone_commit_id from pairs
    ) as wanted using (repository_id, commit_id)
),

-- of the lines that the one added or deleted, those that the other deleted or added again
undone_lines as (
    select
        pairs.repository_id,
        pairs.commit_id,
        pairs.undone_commit_id,
        case
            when not bool_or(was.is_missing or coalesce(now.is_missing, false))
                then sum(
                    least(was.added_lines, coalesce(now.deleted_lines, 0))
                    + least(was.deleted_lines, coalesce(now.added_lines, 0))
                ) / nullif(sum(was.added_lines + was.deleted_lines), 0)
        end as undone_share
    from pairs
    join files as was
        on was.repository_id = pairs.repository_id and was.commit_id = pairs.undone_commit_id
    left join files as now
        on now.repository_id = pairs.repository_id
        and now.commit_id = pairs.commit_id
        and now.path = was.path
    group by pairs.repository_id, pairs.commit_id, pairs.undone_commit_id
)

select
    pairs.repository_id,
    pairs.commit_id,
    pairs.undone_commit_id,
    pairs.said_by,
    pairs.position,
    pairs.undone_position,
    pairs.is_among_others,
    undone_lines.undone_share,
    pairs.is_said_partial
    or (
        -- where the diff says nothing, what was named does
        coalesce(undone_lines.undone_share < 0.5, pairs.is_part)
    ) as is_partial
from pairs
left join undone_lines using (repository_id, commit_id, undone_commit_id)
-- a title alone, and a diff that undoes next to nothing: another change of that title was meant
where pairs.said_by != 'title' or coalesce(undone_lines.undone_share, 1) >= 0.2;

comment on table attribution.reverts is 'One row per landed change and earlier landed change that it undoes, by its message.';
comment on column attribution.reverts.repository_id is 'name of the repository';
comment on column attribution.reverts.commit_id is 'the landed change that undoes';
comment on column attribution.reverts.undone_commit_id is 'the landed change that is undone';
comment on column attribution.reverts.said_by is 'what the message names, the surest: id of a commit, number of a pull request, or title';
comment on column attribution.reverts.position is 'index of the change that undoes in the first-parent chain';
comment on column attribution.reverts.undone_position is 'index of the undone change';
comment on column attribution.reverts.is_among_others is 'whether only one of several commits that the change brought in undoes it';
comment on column attribution.reverts.undone_share is 'of the lines that the undone change added and deleted, the part that the other deleted and added in the same files (0 to 1); null where a diff is not known or has no lines';
comment on column attribution.reverts.is_partial is 'whether only a part is undone: the message says so, or less than half of the lines are; where the diff does not tell, whether the message names one commit of several';
