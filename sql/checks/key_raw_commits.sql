-- is there exactly one row per key in raw.commits?
select repository_id, commit_id, count(*) as rows
from raw.commits
group by all
having count(*) > 1
