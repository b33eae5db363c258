-- is there exactly one row per key in attribution.identity_addresses?
select repository_id, name, email, count(*) as rows
from attribution.identity_addresses
group by all
having count(*) > 1
