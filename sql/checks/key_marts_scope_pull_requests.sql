-- is there exactly one row per key in marts.scope_pull_requests?
select scope, scope_name, repository_id, pull_request_number, count(*) as rows
from marts.scope_pull_requests
group by all
having count(*) > 1
