-- does every file change belong to a commit and have a file class?
select file_changes.repository_id, file_changes.commit_id, file_changes.path
from raw.file_changes
left join raw.commits using (repository_id, commit_id)
left join raw.file_classes using (repository_id, path)
where commits.commit_id is null or file_classes.path is null
