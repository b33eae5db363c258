-- is there exactly one row per key in marts.fixed_set_multiples?
select scope, scope_name, group_kind, quarter_start, count(*) as rows
from marts.fixed_set_multiples
group by all
having count(*) > 1
