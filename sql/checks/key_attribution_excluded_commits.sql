-- is there exactly one row per key in attribution.excluded_commits?
select repository_id, commit_id, count(*) as rows
from attribution.excluded_commits
group by all
having count(*) > 1
