-- is there exactly one row per key in attribution.change_commits?
select repository_id, landed_commit_id, commit_id, count(*) as rows
from attribution.change_commits
group by all
having count(*) > 1
