-- do the lines of the files add up to the lines of their commit?
with files as (
    select
        repository_id,
        commit_id,
        count(*) as files,
        sum(coalesce(added, 0)) as added,
        sum(coalesce(deleted, 0)) as deleted
    from raw.file_changes
    group by all
)

select repository_id, commit_id, diffs.files, files.files as counted_files, diffs.added, files.added as counted_added
from raw.commit_diffs as diffs
left join files using (repository_id, commit_id)
where diffs.files != coalesce(files.files, 0)
    or diffs.added != coalesce(files.added, 0)
    or diffs.deleted != coalesce(files.deleted, 0)
