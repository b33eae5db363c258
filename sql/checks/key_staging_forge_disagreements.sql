-- is there exactly one row per key in staging.forge_disagreements?
select repository_id, pull_request_number, field, count(*) as rows
from staging.forge_disagreements
group by all
having count(*) > 1
