-- is there exactly one row per key in raw.branch_commits?
select repository_id, branch, commit_id, count(*) as rows
from raw.branch_commits
group by all
having count(*) > 1
