-- is there exactly one row per key in attribution.reverts?
select repository_id, commit_id, undone_commit_id, count(*) as rows
from attribution.reverts
group by all
having count(*) > 1
