-- is there exactly one row per key in attribution.record_rules?
select evidence_text, count(*) as rows
from attribution.record_rules
group by all
having count(*) > 1
