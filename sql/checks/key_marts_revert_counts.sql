-- is there exactly one row per key in marts.revert_counts?
select scope, scope_name, author_class, quarter_start, contributor_id, bot, count(*) as rows
from marts.revert_counts
group by all
having count(*) > 1
