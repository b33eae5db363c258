create or replace view staging.file_changes as
select
    repository_id,
    commit_id,
    path,
    old_path,
    status,
    added as added_lines,
    deleted as deleted_lines,
    is_binary,
    is_binary is null as is_missing
from raw.file_changes;

comment on view staging.file_changes is 'One row per commit and changed path.';
comment on column staging.file_changes.repository_id is 'name of the repository';
comment on column staging.file_changes.commit_id is 'the commit';
comment on column staging.file_changes.path is 'path after the change';
comment on column staging.file_changes.old_path is 'path before a rename';
comment on column staging.file_changes.status is 'git status letter';
comment on column staging.file_changes.added_lines is 'added lines; null for a binary file or a missing blob';
comment on column staging.file_changes.deleted_lines is 'deleted lines; null for a binary file or a missing blob';
comment on column staging.file_changes.is_binary is 'whether git takes it for binary';
comment on column staging.file_changes.is_missing is 'whether its lines are unknown because a blob is missing';
