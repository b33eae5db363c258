-- is there exactly one row per key in marts.evidence_tiers_quarterly?
select scope, scope_name, quarter_start, tier, count(*) as rows
from marts.evidence_tiers_quarterly
group by all
having count(*) > 1
