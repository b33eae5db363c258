-- is there exactly one row per key in marts.days?
select scope, scope_name, day, count(*) as rows
from marts.days
group by all
having count(*) > 1
