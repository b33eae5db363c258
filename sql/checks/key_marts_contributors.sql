-- is there exactly one row per key in marts.contributors?
select contributor_id, count(*) as rows
from marts.contributors
group by all
having count(*) > 1
