-- is there exactly one row per key in raw.mailmapped?
select repository_id, name, email, count(*) as rows
from raw.mailmapped
group by all
having count(*) > 1
