-- is there exactly one row per key in marts.caps?
select scope, scope_name, measure, quarter_start, count(*) as rows
from marts.caps
group by all
having count(*) > 1
