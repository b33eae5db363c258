-- is there exactly one row per key in marts.multiple_intervals?
select scope, scope_name, measure, quarter_start, count(*) as rows
from marts.multiple_intervals
group by all
having count(*) > 1
