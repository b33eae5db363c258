-- is there exactly one row per key in marts.rate_and_mix?
select quarter_start, count(*) as rows
from marts.rate_and_mix
group by all
having count(*) > 1
