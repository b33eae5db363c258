-- is there exactly one row per key in marts.data_quality?
select repository_id, issue, count(*) as rows
from marts.data_quality
group by all
having count(*) > 1
