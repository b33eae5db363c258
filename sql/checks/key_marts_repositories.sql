-- is there exactly one row per key in marts.repositories?
select repository_id, count(*) as rows
from marts.repositories
group by all
having count(*) > 1
