-- is there exactly one row per key in marts.authorship_quarterly?
select scope, scope_name, quarter_start, count(*) as rows
from marts.authorship_quarterly
group by all
having count(*) > 1
