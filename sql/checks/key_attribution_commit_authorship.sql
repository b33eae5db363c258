-- is there exactly one row per key in attribution.commit_authorship?
select repository_id, commit_id, count(*) as rows
from attribution.commit_authorship
group by all
having count(*) > 1
