create or replace table marts.file_classes_quarterly as
select
    changes.scope,
    changes.scope_name,
    changes.quarter_start,
    changes.quarter,
    file_changes.class,
    cast(coalesce(sum(file_changes.added_lines), 0) as bigint) as added_lines,
    cast(coalesce(sum(file_changes.deleted_lines), 0) as bigint) as deleted_lines,
    count(*) as files,
    count(*) filter (file_changes.is_missing) as missing_files
from marts.scope_changes as changes
join staging.classified_changes as file_changes using (repository_id, commit_id)
group by all;

comment on table marts.file_classes_quarterly is 'One row per scope, quarter and file class with a landed file change.';
comment on column marts.file_classes_quarterly.scope is 'organisation, repository or team';
comment on column marts.file_classes_quarterly.scope_name is 'name of the organisation, repository or team';
comment on column marts.file_classes_quarterly.quarter_start is 'first day of the quarter';
comment on column marts.file_classes_quarterly.quarter is 'the quarter, such as 2026Q1';
comment on column marts.file_classes_quarterly.class is 'source, test, docs, config, data, generated, vendored, lockfile or binary';
comment on column marts.file_classes_quarterly.added_lines is 'added lines, where known';
comment on column marts.file_classes_quarterly.deleted_lines is 'deleted lines, where known';
comment on column marts.file_classes_quarterly.files is 'file changes (count): a file changed twice counts twice';
comment on column marts.file_classes_quarterly.missing_files is 'file changes without line counts because a blob is missing (count)';
