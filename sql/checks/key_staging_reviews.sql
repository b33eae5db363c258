-- is there exactly one row per key in staging.reviews?
select repository_id, pull_request_number, review_id, count(*) as rows
from staging.reviews
group by all
having count(*) > 1
