-- How many pull requests are merged, stay, and still have half of their code 90 days later?
select quarter, author_class, rung, successes, trials, rate, rate_low, rate_high, reason
from marts.success_ladder_quarterly
where scope = 'organisation' and agent = 'all' and tier = 'all'
order by quarter_start, author_class, trials desc, rung
