-- is there exactly one row per key in raw.line_changes?
select repository_id, commit_id, count(*) as rows
from raw.line_changes
group by all
having count(*) > 1
