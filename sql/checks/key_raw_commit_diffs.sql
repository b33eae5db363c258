-- is there exactly one row per key in raw.commit_diffs?
select repository_id, commit_id, count(*) as rows
from raw.commit_diffs
group by all
having count(*) > 1
