-- is there exactly one row per key in marts.forge_intervals?
select merged, trials, count(*) as rows
from marts.forge_intervals
group by all
having count(*) > 1
