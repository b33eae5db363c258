-- is there exactly one row per key in marts.merge_counts?
select scope, scope_name, author_class, quarter_start, count(*) as rows
from marts.merge_counts
group by all
having count(*) > 1
