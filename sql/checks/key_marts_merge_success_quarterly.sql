-- is there exactly one row per key in marts.merge_success_quarterly?
select scope, scope_name, author_class, quarter_start, count(*) as rows
from marts.merge_success_quarterly
group by all
having count(*) > 1
