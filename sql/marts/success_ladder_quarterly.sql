-- after: marts.success_ladder_counts
create or replace table marts.success_ladder_quarterly as
with counts as (
    select
        scope,
        scope_name,
        author_class,
        agent,
        tier,
        quarter_start,
        rung,
        cast(sum(pull_requests) as bigint) as pull_requests,
        cast(sum(listed_pull_requests) as bigint) as listed_pull_requests,
        cast(sum(trials) as bigint) as trials,
        cast(sum(successes) as bigint) as successes,
        cast(sum(step_trials) as bigint) as step_trials,
        cast(sum(unknown) as bigint) as unknown,
        count(*) filter (trials > 0) as contributors
    from marts.success_ladder_counts
    group by all
),

-- what is known of a part alone says nothing of the whole: those that landed are the known ones
known_tiers as (
    select
        scope,
        scope_name,
        author_class,
        quarter_start,
        rung,
        coalesce(sum(trials) filter (tier = 'not known'), 0) > 0.01 * sum(trials) as are_unknown
    from counts
    where agent = 'all' and tier != 'all'
    group by all
),

rated as (
    select
        counts.*,
        -- up to one in a hundred is left out
        counts.unknown > 0.01 * (counts.trials + counts.unknown) as is_unknown,
        case
            when counts.listed_pull_requests = 0 then 'pull requests that were not merged are not known'
            when counts.tier != 'all' and known_tiers.are_unknown
                then 'sizes of pull requests that were not merged are not known'
            when is_unknown
                then if(counts.rung = 'alive', 'lines were not followed', 'what merged ones became is not known')
            when counts.trials = 0 then 'window not elapsed, or outcome not known'
        end as reason
    from counts
    left join known_tiers using (scope, scope_name, author_class, quarter_start, rung)
)

select
    rated.scope,
    rated.scope_name,
    rated.author_class,
    rated.agent,
    rated.tier,
    rated.quarter_start,
    quarters.quarter,
    quarters.is_partial,
    quarters.is_baseline,
    rated.rung,
    rated.pull_requests,
    -- where the fate of merged ones is not known, failures alone would count
    case when not rated.is_unknown then rated.trials end as trials,
    case when not rated.is_unknown then rated.successes end as successes,
    rated.contributors,
    case when rated.reason is null then rated.successes / nullif(rated.trials, 0) end as rate,
    case when rated.reason is null then intervals.rate_low end as rate_low,
    case when rated.reason is null then intervals.rate_high end as rate_high,
    case when rated.reason is null then intervals.wilson_low end as wilson_low,
    case when rated.reason is null then intervals.wilson_high end as wilson_high,
    case when not rated.is_unknown then rated.step_trials end as step_trials,
    case when rated.reason is null then rated.successes / nullif(rated.step_trials, 0) end as step_rate,
    case when rated.reason is null then intervals.interval_method end as interval_method,
    coalesce(rated.reason, intervals.reason) as reason
from rated
join marts.quarters as quarters using (scope, scope_name, quarter_start)
left join given_ladder_intervals as intervals
    using (scope, scope_name, author_class, agent, tier, quarter_start, rung);

comment on table marts.success_ladder_quarterly is 'One row per scope, author class, agent, tier, quarter of opening and rung of the ladder: how many pull requests came so far.';
comment on column marts.success_ladder_quarterly.scope is 'organisation, repository or team';
comment on column marts.success_ladder_quarterly.scope_name is 'name of the organisation, repository or team';
comment on column marts.success_ladder_quarterly.author_class is 'all, or who wrote most of its commits: model, human, automation, undeclared, mixed';
comment on column marts.success_ladder_quarterly.agent is 'all, or the agent of a model''s pull requests';
comment on column marts.success_ladder_quarterly.tier is 'all, or how open-ended it looks: trivial, routine, substantial, open-ended, not known';
comment on column marts.success_ladder_quarterly.quarter_start is 'first day of the quarter';
comment on column marts.success_ladder_quarterly.quarter is 'the quarter, such as 2026Q1';
comment on column marts.success_ladder_quarterly.is_partial is 'whether the cut-off falls before its end';
comment on column marts.success_ladder_quarterly.is_baseline is 'whether it belongs to the baseline';
comment on column marts.success_ladder_quarterly.rung is 'merged (within the merge window), not reverted (nor reverted within 30 days) or alive (and half of its code lines alive at 90 days); each asks for those before it';
comment on column marts.success_ladder_quarterly.pull_requests is 'pull requests opened (count)';
comment on column marts.success_ladder_quarterly.trials is 'of those, old enough for the rung and known: the denominator (count); null where what merged ones became is not known';
comment on column marts.success_ladder_quarterly.successes is 'of those, that came up to the rung: the numerator (count)';
comment on column marts.success_ladder_quarterly.contributors is 'contributors, agents and bots behind the trials (count)';
comment on column marts.success_ladder_quarterly.rate is 'successes over trials (0 to 1); null: see reason';
comment on column marts.success_ladder_quarterly.rate_low is 'lower end of its 95% interval, by interval_method';
comment on column marts.success_ladder_quarterly.rate_high is 'upper end of its 95% interval, by interval_method';
comment on column marts.success_ladder_quarterly.wilson_low is 'lower end of the 95% Wilson interval, which takes pull requests for independent';
comment on column marts.success_ladder_quarterly.wilson_high is 'upper end of the 95% Wilson interval';
comment on column marts.success_ladder_quarterly.step_trials is 'of the trials, that had come up to the rung before (count)';
comment on column marts.success_ladder_quarterly.step_rate is 'successes over step_trials (0 to 1); null where the rate is, and where step_trials is 0';
comment on column marts.success_ladder_quarterly.interval_method is 'wilson (of pull requests: models and automation), cluster bootstrap (by contributor: everybody else), or wilson of contributors (where all or none came so far)';
comment on column marts.success_ladder_quarterly.reason is 'why the rate or its interval is missing; null where none is';
