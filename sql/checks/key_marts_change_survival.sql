-- is there exactly one row per key in marts.change_survival?
select repository_id, commit_id, count(*) as rows
from marts.change_survival
group by all
having count(*) > 1
