-- is there exactly one row per key in marts.survival_curves?
select scope, scope_name, author_class, matched_with, age_days, count(*) as rows
from marts.survival_curves
group by all
having count(*) > 1
