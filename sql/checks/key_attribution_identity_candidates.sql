-- is there exactly one row per key in attribution.identity_candidates?
select from_node, to_node, rule, count(*) as rows
from attribution.identity_candidates
group by all
having count(*) > 1
