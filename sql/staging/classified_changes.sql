create or replace view staging.classified_changes as
with changes as (
    select * from staging.file_changes
),

landings as (
    select repository_id, commit_id, position from staging.landings
),

pulled as (
    select commits.repository_id, commits.commit_id, min(landings.position) as position
    from raw.pull_request_commits as commits
    join raw.pull_requests as pulls using (repository_id, number)
    join landings
        on pulls.repository_id = landings.repository_id
        and pulls.landed_commit_id = landings.commit_id
    group by commits.repository_id, commits.commit_id
)

select
    changes.*,
    classes.class,
    classes.language,
    classes.rule
from changes
left join landings using (repository_id, commit_id)
left join pulled using (repository_id, commit_id)
join raw.file_classes as classes
    on changes.repository_id = classes.repository_id
    and changes.path = classes.path
    -- a commit takes the class that holds at the landed change that brought it in, or that was
    -- made of it; one that has not landed, the class at the tip
    and coalesce(landings.position, pulled.position, 2147483647) >= classes.from_position
    and coalesce(landings.position, pulled.position, 2147483647)
        < coalesce(classes.until_position, 2147483648);

comment on view staging.classified_changes is 'One row per commit and changed path, with the class that the path had when the commit landed.';
comment on column staging.classified_changes.repository_id is 'name of the repository';
comment on column staging.classified_changes.commit_id is 'the commit';
comment on column staging.classified_changes.path is 'path after the change';
comment on column staging.classified_changes.old_path is 'path before a rename';
comment on column staging.classified_changes.status is 'git status letter';
comment on column staging.classified_changes.added_lines is 'added lines; null for a binary file or a missing blob';
comment on column staging.classified_changes.deleted_lines is 'deleted lines; null for a binary file or a missing blob';
comment on column staging.classified_changes.is_binary is 'whether git takes it for binary';
comment on column staging.classified_changes.is_missing is 'whether its lines are unknown because a blob is missing';
comment on column staging.classified_changes.class is 'source, test, docs, config, data, generated, vendored, lockfile or binary';
comment on column staging.classified_changes.language is 'language by name or ending; null where unknown';
comment on column staging.classified_changes.rule is 'rule that decided the class';
