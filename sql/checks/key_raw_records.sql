-- is there exactly one row per key in raw.records?
select repository_id, ref, commit_id, path, count(*) as rows
from raw.records
group by all
having count(*) > 1
