-- is there exactly one row per key in marts.model_captures?
select scope, scope_name, quarter_start, count(*) as rows
from marts.model_captures
group by all
having count(*) > 1
