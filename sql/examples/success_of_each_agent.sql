-- How far do the pull requests of each agent come, beside those of all models?
select agent, rung, sum(pull_requests) as opened, sum(successes) as successes, sum(trials) as trials,
    sum(successes) / nullif(sum(trials), 0) as rate
from marts.success_ladder_quarterly
where scope = 'organisation' and author_class = 'model' and tier = 'all'
group by agent, rung
order by agent, trials desc, rung
