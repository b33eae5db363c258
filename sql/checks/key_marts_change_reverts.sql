-- is there exactly one row per key in marts.change_reverts?
select repository_id, commit_id, count(*) as rows
from marts.change_reverts
group by all
having count(*) > 1
