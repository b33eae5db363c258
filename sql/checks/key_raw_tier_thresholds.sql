-- is there exactly one row per key in raw.tier_thresholds?
select level, count(*) as rows
from raw.tier_thresholds
group by all
having count(*) > 1
