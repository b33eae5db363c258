-- is there exactly one row per key in attribution.commit_overrides?
select repository_id, commit_id, position, count(*) as rows
from attribution.commit_overrides
group by all
having count(*) > 1
