-- Do pull requests of models succeed as often when they look more open-ended?
select quarter, author_class, tier, successes, trials, rate, rate_low, rate_high, reason
from marts.success_ladder_quarterly
where scope = 'organisation' and agent = 'all' and rung = 'not reverted' and author_class in ('all', 'model')
order by quarter_start, author_class, array_position(['trivial', 'routine', 'substantial', 'open-ended'], tier)
