-- is there exactly one row per key in attribution.identities?
select repository_id, name, email, count(*) as rows
from attribution.identities
group by all
having count(*) > 1
