-- is there exactly one row per key in raw.file_changes?
select repository_id, commit_id, path, count(*) as rows
from raw.file_changes
group by all
having count(*) > 1
