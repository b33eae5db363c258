-- is there exactly one row per key in attribution.change_titles?
select repository_id, commit_id, count(*) as rows
from attribution.change_titles
group by all
having count(*) > 1
