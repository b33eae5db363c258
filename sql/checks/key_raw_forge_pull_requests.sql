-- is there exactly one row per key in raw.forge_pull_requests?
select repository_id, number, source, fetched_at, count(*) as rows
from raw.forge_pull_requests
group by all
having count(*) > 1
