-- is there exactly one row per key in marts.repository_rates?
select quarter_start, repository_id, count(*) as rows
from marts.repository_rates
group by all
having count(*) > 1
