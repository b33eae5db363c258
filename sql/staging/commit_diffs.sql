create or replace view staging.commit_diffs as
select
    repository_id,
    commit_id,
    files,
    missing_files,
    -- what is known adds up to nothing where nothing is known
    case when files > 0 and files = missing_files then null else added end as added_lines,
    case when files > 0 and files = missing_files then null else deleted end as deleted_lines
from raw.commit_diffs;

comment on view staging.commit_diffs is 'One row per commit whose diff was taken.';
comment on column staging.commit_diffs.repository_id is 'name of the repository';
comment on column staging.commit_diffs.commit_id is 'the commit';
comment on column staging.commit_diffs.files is 'changed files (count)';
comment on column staging.commit_diffs.missing_files is 'changed files without line counts (count)';
comment on column staging.commit_diffs.added_lines is 'added lines in files with counts; null where no file has any';
comment on column staging.commit_diffs.deleted_lines is 'deleted lines in files with counts; null where no file has any';
