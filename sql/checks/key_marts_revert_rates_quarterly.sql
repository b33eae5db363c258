-- is there exactly one row per key in marts.revert_rates_quarterly?
select scope, scope_name, author_class, quarter_start, count(*) as rows
from marts.revert_rates_quarterly
group by all
having count(*) > 1
