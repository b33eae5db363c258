-- is there exactly one row per key in marts.measured_quarters?
select scope, scope_name, measure, quarter_start, count(*) as rows
from marts.measured_quarters
group by all
having count(*) > 1
