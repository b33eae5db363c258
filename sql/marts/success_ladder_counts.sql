create or replace table marts.success_ladder_counts as
with pulls as (
    select
        ladder.*,
        -- who brings several in is one cluster; agents and bots by their names
        if(ladder.contributor_id is null, coalesce(ladder.agent, 'not known'), null) as bot
    from marts.pull_request_ladder as ladder
),

held as (
    select placed.scope, placed.scope_name, pulls.*
    from marts.scope_pull_requests as placed
    join pulls using (repository_id, pull_request_number)
),

groups as (
    select
        *,
        unnest(
            [
                {'group_class': 'all', 'group_agent': 'all', 'group_tier': 'all'},
                {'group_class': 'all', 'group_agent': 'all', 'group_tier': tier},
                {'group_class': author_class, 'group_agent': 'all', 'group_tier': 'all'},
                {'group_class': author_class, 'group_agent': 'all', 'group_tier': tier}
            ]
            || case
                when author_class = 'model' and agent is not null
                    then [{'group_class': author_class, 'group_agent': agent, 'group_tier': 'all'}]
                else []
            end,
            recursive := true
        )
    from held
),

rungs as (
    select
        *,
        unnest(
            [
                {'rung': 'merged', 'passed': is_merged, 'before': true, 'is_unknown': false},
                {'rung': 'not reverted', 'passed': is_not_reverted, 'before': is_merged, 'is_unknown': is_landing_unknown},
                {'rung': 'alive', 'passed': is_alive, 'before': is_not_reverted, 'is_unknown': is_life_unknown}
            ],
            recursive := true
        )
    from groups
)

select
    scope,
    scope_name,
    group_class as author_class,
    group_agent as agent,
    group_tier as tier,
    quarter_start,
    rung,
    contributor_id,
    bot,
    count(*) as pull_requests,
    count(*) filter (is_listed) as listed_pull_requests,
    count(passed) as trials,
    count(*) filter (passed) as successes,
    count(*) filter (passed is not null and before) as step_trials,
    count(*) filter (is_unknown) as unknown
from rungs
group by all;

comment on table marts.success_ladder_counts is 'One row per scope, author class, agent, tier, quarter of opening, rung of the ladder and contributor or bot: counts of pull requests.';
comment on column marts.success_ladder_counts.scope is 'organisation, repository or team';
comment on column marts.success_ladder_counts.scope_name is 'name of the organisation, repository or team';
comment on column marts.success_ladder_counts.author_class is 'all, or who wrote most of its commits: model, human, automation, undeclared, mixed';
comment on column marts.success_ladder_counts.agent is 'all, or the agent of a model''s pull requests';
comment on column marts.success_ladder_counts.tier is 'all, or trivial, routine, substantial, open-ended, not known';
comment on column marts.success_ladder_counts.quarter_start is 'first day of the quarter of opening';
comment on column marts.success_ladder_counts.rung is 'merged, not reverted or alive; each asks for those before it';
comment on column marts.success_ladder_counts.contributor_id is 'contributor who authored their heads: drawn as one in the bootstrap; null for agents and bots';
comment on column marts.success_ladder_counts.bot is 'agent or bot who did, where no contributor is known: drawn as one, too; null beside a contributor';
comment on column marts.success_ladder_counts.pull_requests is 'pull requests opened (count)';
comment on column marts.success_ladder_counts.listed_pull_requests is 'of those, known from more than a message (count)';
comment on column marts.success_ladder_counts.trials is 'of those, old enough and known (count)';
comment on column marts.success_ladder_counts.successes is 'of those, that came up to the rung (count)';
comment on column marts.success_ladder_counts.step_trials is 'of the trials, that had come up to the rung before (count)';
comment on column marts.success_ladder_counts.unknown is 'merged pull requests that are no trial because what became of them is not known (count)';
