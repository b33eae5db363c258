-- is there exactly one row per key in marts.time_to_merge_quarterly?
select scope, scope_name, author_class, quarter_start, count(*) as rows
from marts.time_to_merge_quarterly
group by all
having count(*) > 1
