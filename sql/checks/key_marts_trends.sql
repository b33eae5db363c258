-- is there exactly one row per key in marts.trends?
select scope, scope_name, measure, grain, with_partial, count(*) as rows
from marts.trends
group by all
having count(*) > 1
