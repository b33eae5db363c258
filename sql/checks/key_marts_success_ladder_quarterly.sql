-- is there exactly one row per key in marts.success_ladder_quarterly?
select scope, scope_name, author_class, agent, tier, quarter_start, rung, count(*) as rows
from marts.success_ladder_quarterly
group by all
having count(*) > 1
