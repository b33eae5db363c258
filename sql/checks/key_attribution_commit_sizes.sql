-- is there exactly one row per key in attribution.commit_sizes?
select repository_id, commit_id, count(*) as rows
from attribution.commit_sizes
group by all
having count(*) > 1
