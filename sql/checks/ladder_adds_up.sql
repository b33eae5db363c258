-- does every rung hold those above it, and do author classes and tiers add up to all?
select scope, scope_name, author_class, agent, tier, quarter_start, rung, trials, successes
from marts.success_ladder_quarterly
where successes > step_trials or step_trials > trials or trials > pull_requests
union all
select scope, scope_name, 'classes', 'all', 'all', quarter_start, rung,
    sum(if(author_class = 'all', -trials, trials)), sum(if(author_class = 'all', -successes, successes))
from marts.success_ladder_counts
where agent = 'all' and tier = 'all'
group by scope, scope_name, quarter_start, rung
having sum(if(author_class = 'all', -trials, trials)) != 0
    or sum(if(author_class = 'all', -successes, successes)) != 0
union all
select scope, scope_name, author_class, 'all', 'tiers', quarter_start, rung,
    sum(if(tier = 'all', -trials, trials)), sum(if(tier = 'all', -successes, successes))
from marts.success_ladder_counts
where agent = 'all'
group by scope, scope_name, author_class, quarter_start, rung
having sum(if(tier = 'all', -trials, trials)) != 0
    or sum(if(tier = 'all', -successes, successes)) != 0
