-- is there exactly one row per key in marts.bars?
select scope, scope_name, measure, quarter_start, count(*) as rows
from marts.bars
group by all
having count(*) > 1
