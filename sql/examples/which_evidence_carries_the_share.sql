-- Which tier of evidence carries the model share of each repository, quarter by quarter?
select scope_name, quarter, tier, landed_changes, lines, share_of_model_lines
from marts.evidence_tiers_quarterly
where scope = 'repository'
order by all;
