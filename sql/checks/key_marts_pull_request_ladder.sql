-- is there exactly one row per key in marts.pull_request_ladder?
select repository_id, pull_request_number, count(*) as rows
from marts.pull_request_ladder
group by all
having count(*) > 1
