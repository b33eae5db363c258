-- is there exactly one row per key in marts.period_bars?
select scope, scope_name, measure, grain, period_start, count(*) as rows
from marts.period_bars
group by all
having count(*) > 1
