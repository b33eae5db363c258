-- is there exactly one row per key in attribution.evidence_authorship?
select repository_id, commit_id, count(*) as rows
from attribution.evidence_authorship
group by all
having count(*) > 1
