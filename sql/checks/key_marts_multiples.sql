-- is there exactly one row per key in marts.multiples?
select scope, scope_name, measure, quarter_start, count(*) as rows
from marts.multiples
group by all
having count(*) > 1
