-- does every landed change add and delete as many lines when they are followed as git counts?
with typechanges as (
    -- all lines of a file that becomes a link end; numstat compares the two contents
    select distinct repository_id, commit_id from staging.file_changes where status = 'T'
)

select followed.repository_id, followed.commit_id,
    followed.added_lines, diffs.added_lines as git_added, followed.deleted_lines, diffs.deleted_lines as git_deleted
from staging.line_changes as followed
join staging.commit_diffs as diffs using (repository_id, commit_id)
anti join typechanges using (repository_id, commit_id)
where followed.has_known_births
    and (followed.added_lines != diffs.added_lines or followed.deleted_lines != diffs.deleted_lines)
