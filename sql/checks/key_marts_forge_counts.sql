-- is there exactly one row per key in marts.forge_counts?
select scope, scope_name, grouping_kind, grouping_name, count(*) as rows
from marts.forge_counts
group by all
having count(*) > 1
