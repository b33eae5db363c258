-- is there exactly one row per key in raw.landings?
select repository_id, commit_id, count(*) as rows
from raw.landings
group by all
having count(*) > 1
