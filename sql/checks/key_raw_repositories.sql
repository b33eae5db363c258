-- is there exactly one row per key in raw.repositories?
select repository_id, count(*) as rows
from raw.repositories
group by all
having count(*) > 1
