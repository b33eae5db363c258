-- is there exactly one row per key in marts.review_load_quarterly?
select scope, scope_name, author_class, quarter_start, count(*) as rows
from marts.review_load_quarterly
group by all
having count(*) > 1
