-- is there exactly one row per key in marts.survival_cohorts?
select scope, scope_name, author_class, quarter_start, count(*) as rows
from marts.survival_cohorts
group by all
having count(*) > 1
