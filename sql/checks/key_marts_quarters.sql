-- is there exactly one row per key in marts.quarters?
select scope, scope_name, quarter_start, count(*) as rows
from marts.quarters
group by all
having count(*) > 1
