-- is there exactly one row per key in marts.success_ladder_counts?
select scope, scope_name, author_class, agent, tier, quarter_start, rung, contributor_id, bot, count(*) as rows
from marts.success_ladder_counts
group by all
having count(*) > 1
