-- is there exactly one row per key in marts.landed_changes?
select repository_id, commit_id, count(*) as rows
from marts.landed_changes
group by all
having count(*) > 1
