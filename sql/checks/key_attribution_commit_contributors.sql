-- is there exactly one row per key in attribution.commit_contributors?
select repository_id, commit_id, count(*) as rows
from attribution.commit_contributors
group by all
having count(*) > 1
