-- is there exactly one row per key in staging.pull_requests?
select repository_id, pull_request_number, count(*) as rows
from staging.pull_requests
group by all
having count(*) > 1
