create or replace table marts.period_bars as
with days as (
    select
        *,
        unnest([
            {'grain': 'month', 'period_start': cast(date_trunc('month', day) as date)},
            {'grain': 'week', 'period_start': cast(date_trunc('week', day) as date)}
        ], recursive := true)
    from marts.day_units
),

bars as (
    select
        scope,
        scope_name,
        measure,
        grain,
        period_start,
        min(day) as first_day,
        max(day) as last_day,
        count(*) as days,
        max(reason) as not_measured,
        cast(sum(landed_changes) as bigint) as landed_changes,
        avg(active_contributors) as active_contributors,
        case when not_measured is null then sum(capped_units) end as total,
        case when not_measured is null then main.exact_sum(rate) / nullif(count(rate), 0) end as bar
    from days
    group by scope, scope_name, measure, grain, period_start
),

baselines as (
    select scope, scope_name, measure, any_value(baseline_bar) as baseline_bar
    from marts.multiples
    group by all
),

compared as (
    select
        bars.*,
        case bars.grain
            when 'month' then strftime(bars.period_start, '%Y-%m')
            else strftime(bars.period_start, '%G-W%V')
        end as period,
        cast(
            bars.period_start
            + case bars.grain when 'month' then interval 1 month else interval 7 days end
            - interval 1 day
            as date
        ) as end_day,
        baselines.baseline_bar,
        case when baselines.baseline_bar > 0 then bars.bar / baselines.baseline_bar end as multiple
    from bars
    join baselines using (scope, scope_name, measure)
)

select
    scope,
    scope_name,
    measure,
    grain,
    period_start,
    period,
    days,
    end_day > last_day as is_partial,
    period_start = first_day and end_day = last_day as is_whole,
    landed_changes,
    active_contributors,
    total,
    bar,
    baseline_bar,
    multiple,
    case
        when not_measured is not null then not_measured
        when baseline_bar is null then 'no baseline'
        when bar is null then 'no active contributor'
        when baseline_bar <= 0 then 'baseline is not above zero'
    end as reason
from compared;

comment on table marts.period_bars is 'One row per scope, measure, grain and period: the bar of a month or week, and its multiple against the baseline of the quarters.';
comment on column marts.period_bars.scope is 'organisation, repository or team';
comment on column marts.period_bars.scope_name is 'name of the organisation, repository or team';
comment on column marts.period_bars.measure is 'the measure, as in marts.multiples';
comment on column marts.period_bars.grain is 'month or week';
comment on column marts.period_bars.period_start is 'first day of the period; weeks begin on Monday';
comment on column marts.period_bars.period is 'the period, such as 2026-05 or 2026-W21';
comment on column marts.period_bars.days is 'days measured (count)';
comment on column marts.period_bars.is_partial is 'whether the cut-off falls before its end';
comment on column marts.period_bars.is_whole is 'whether the scope has history from its first day to its end';
comment on column marts.period_bars.landed_changes is 'landed changes (or commits, as the settings count) with a value (count)';
comment on column marts.period_bars.active_contributors is 'active contributors, mean over the days measured';
comment on column marts.period_bars.total is 'units landed, capped by the cap of their quarter; null where the measure cannot be taken';
comment on column marts.period_bars.bar is 'units landed per active contributor and day, mean over days; null where the measure cannot be taken';
comment on column marts.period_bars.baseline_bar is 'mean of the bars of the baseline quarters; null with too few';
comment on column marts.period_bars.multiple is 'bar over baseline bar; null where there is none, see reason';
comment on column marts.period_bars.reason is 'why the multiple is missing; null where it is not';
