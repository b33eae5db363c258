create or replace table attribution.commit_sizes as
with file_changes as (
    select * from staging.classified_changes
),

diffs as (
    select * from staging.commit_diffs
),

code as (
    select
        file_changes.repository_id,
        file_changes.commit_id,
        cast(sum(file_changes.added_lines) as bigint) as code_lines,
        cast(sum(file_changes.deleted_lines) as bigint) as deleted_code_lines
    from file_changes
    where file_changes.class in ('source', 'test')
    group by file_changes.repository_id, file_changes.commit_id
)

select
    diffs.repository_id,
    diffs.commit_id,
    diffs.files,
    diffs.missing_files,
    diffs.added_lines,
    diffs.deleted_lines,
    -- a change without code files has no code lines; one whose code files all lack their blobs
    -- has an unknown number
    case when code.commit_id is null then 0 else code.code_lines end as code_lines,
    case when code.commit_id is null then 0 else code.deleted_code_lines end as deleted_code_lines
from diffs
left join code using (repository_id, commit_id);

comment on table attribution.commit_sizes is 'One row per commit whose diff was taken.';
comment on column attribution.commit_sizes.repository_id is 'name of the repository';
comment on column attribution.commit_sizes.commit_id is 'the commit';
comment on column attribution.commit_sizes.files is 'changed files (count)';
comment on column attribution.commit_sizes.missing_files is 'changed files without line counts (count)';
comment on column attribution.commit_sizes.added_lines is 'added lines, all classes; null where none is known';
comment on column attribution.commit_sizes.deleted_lines is 'deleted lines, all classes; null where none is known';
comment on column attribution.commit_sizes.code_lines is 'added lines in files of class source and test; null where none is known';
comment on column attribution.commit_sizes.deleted_code_lines is 'deleted lines in files of class source and test; null where none is known';
