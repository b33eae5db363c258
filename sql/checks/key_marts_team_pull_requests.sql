-- is there exactly one row per key in marts.team_pull_requests?
select repository_id, pull_request_number, team, count(*) as rows
from marts.team_pull_requests
group by all
having count(*) > 1
