-- is there exactly one row per key in marts.contributor_activity?
select scope, scope_name, contributor_id, active_from, count(*) as rows
from marts.contributor_activity
group by all
having count(*) > 1
