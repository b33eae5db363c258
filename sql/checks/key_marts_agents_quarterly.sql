-- is there exactly one row per key in marts.agents_quarterly?
select scope, scope_name, quarter_start, agent, count(*) as rows
from marts.agents_quarterly
group by all
having count(*) > 1
