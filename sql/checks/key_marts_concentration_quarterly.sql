-- is there exactly one row per key in marts.concentration_quarterly?
select scope, scope_name, quarter_start, count(*) as rows
from marts.concentration_quarterly
group by all
having count(*) > 1
