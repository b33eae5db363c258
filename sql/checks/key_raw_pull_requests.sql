-- is there exactly one row per key in raw.pull_requests?
select repository_id, number, count(*) as rows
from raw.pull_requests
group by all
having count(*) > 1
