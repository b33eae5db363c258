-- is there exactly one row per key in attribution.identity_links?
select from_node, to_node, rule, count(*) as rows
from attribution.identity_links
group by all
having count(*) > 1
