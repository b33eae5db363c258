-- is there exactly one row per key in attribution.change_authorship?
select repository_id, commit_id, count(*) as rows
from attribution.change_authorship
group by all
having count(*) > 1
