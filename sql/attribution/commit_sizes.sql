create or replace table attribution.commit_sizes as
with file_changes as (
    select * from staging.classified_changes
),

diffs as (
    select * from staging.commit_diffs
),

classed as (
    select
        file_changes.repository_id,
        file_changes.commit_id,
        file_changes.class in ('source', 'test') as is_code,
        list_contains(settings.classes, file_changes.class) as is_counted,
        file_changes.added_lines,
        file_changes.deleted_lines,
        case settings.lines_counted
            when 'added' then file_changes.added_lines
            when 'net' then file_changes.added_lines - file_changes.deleted_lines
            else file_changes.added_lines + file_changes.deleted_lines
        end as counted_lines
    from file_changes
    cross join raw.settings
),

code as (
    select
        repository_id,
        commit_id,
        bool_or(is_code) as has_code,
        bool_or(is_counted) as has_counted,
        cast(sum(added_lines) filter (is_code) as bigint) as code_lines,
        cast(sum(deleted_lines) filter (is_code) as bigint) as deleted_code_lines,
        cast(sum(counted_lines) filter (is_counted) as bigint) as counted_lines
    from classed
    group by repository_id, commit_id
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
    case when coalesce(code.has_code, false) then code.code_lines else 0 end as code_lines,
    case when coalesce(code.has_code, false) then code.deleted_code_lines else 0 end as deleted_code_lines,
    case when coalesce(code.has_counted, false) then code.counted_lines else 0 end as counted_lines
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
comment on column attribution.commit_sizes.counted_lines is 'lines that the shipped-code multiple counts by the settings: by default the code lines; null where none is known';
