-- is there exactly one row per key in raw.forge_pull_request_commits?
select repository_id, number, commit_id, count(*) as rows
from raw.forge_pull_request_commits
group by all
having count(*) > 1
