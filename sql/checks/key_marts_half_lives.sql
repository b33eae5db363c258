-- is there exactly one row per key in marts.half_lives?
select scope, scope_name, author_class, matched_with, count(*) as rows
from marts.half_lives
group by all
having count(*) > 1
