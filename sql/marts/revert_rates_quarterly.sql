-- after: marts.revert_counts
create or replace table marts.revert_rates_quarterly as
with counts as (
    select
        scope,
        scope_name,
        author_class,
        quarter_start,
        cast(sum(landed_changes) as bigint) as landed_changes,
        cast(sum(reverts) as bigint) as reverts,
        cast(sum(trials) as bigint) as trials,
        cast(sum(reverted) as bigint) as reverted,
        cast(sum(reapplied) as bigint) as reapplied,
        cast(sum(partly_reverted) as bigint) as partly_reverted,
        count(*) filter (trials > 0) as contributors,
        list_median(flatten(list(days_to_revert))) as median_days_to_revert
    from marts.revert_counts
    group by all
)

select
    counts.scope,
    counts.scope_name,
    counts.author_class,
    counts.quarter_start,
    quarters.quarter,
    quarters.is_partial,
    quarters.is_baseline,
    counts.landed_changes,
    counts.reverts,
    counts.trials,
    counts.reverted,
    counts.reapplied,
    counts.partly_reverted,
    counts.contributors,
    counts.reverted / nullif(counts.trials, 0) as revert_rate,
    intervals.rate_low as revert_rate_low,
    intervals.rate_high as revert_rate_high,
    intervals.wilson_low,
    intervals.wilson_high,
    intervals.interval_method,
    counts.median_days_to_revert,
    coalesce(
        case
            when counts.trials = 0 and counts.reverts = counts.landed_changes then 'only reverts landed'
            when counts.trials = 0 then 'window not elapsed'
        end,
        intervals.reason
    ) as reason
from counts
join marts.quarters as quarters using (scope, scope_name, quarter_start)
left join given_revert_intervals as intervals using (scope, scope_name, author_class, quarter_start);

comment on table marts.revert_rates_quarterly is 'One row per scope, author class and quarter in which something landed: how many landed changes were reverted within 30 days.';
comment on column marts.revert_rates_quarterly.scope is 'organisation, repository or team';
comment on column marts.revert_rates_quarterly.scope_name is 'name of the organisation, repository or team';
comment on column marts.revert_rates_quarterly.author_class is 'all, or who wrote most of the change: model, human, automation, undeclared, mixed';
comment on column marts.revert_rates_quarterly.quarter_start is 'first day of the quarter';
comment on column marts.revert_rates_quarterly.quarter is 'the quarter, such as 2026Q1';
comment on column marts.revert_rates_quarterly.is_partial is 'whether the cut-off falls before its end';
comment on column marts.revert_rates_quarterly.is_baseline is 'whether it belongs to the baseline';
comment on column marts.revert_rates_quarterly.landed_changes is 'landed changes (count)';
comment on column marts.revert_rates_quarterly.reverts is 'of those, reverts themselves, which are no trials (count)';
comment on column marts.revert_rates_quarterly.trials is 'the others that landed at least 30 days before the cut-off: the denominator (count)';
comment on column marts.revert_rates_quarterly.reverted is 'of the trials, reverted as a whole within 30 days: the numerator (count)';
comment on column marts.revert_rates_quarterly.reapplied is 'of these, that came back by a revert of the revert (count)';
comment on column marts.revert_rates_quarterly.partly_reverted is 'of the trials, reverted in part alone, which is not in the numerator (count)';
comment on column marts.revert_rates_quarterly.contributors is 'contributors, agents and bots behind the trials (count)';
comment on column marts.revert_rates_quarterly.revert_rate is 'reverted over trials (0 to 1); null without trials';
comment on column marts.revert_rates_quarterly.revert_rate_low is 'lower end of its 95% interval, by interval_method';
comment on column marts.revert_rates_quarterly.revert_rate_high is 'upper end of its 95% interval, by interval_method';
comment on column marts.revert_rates_quarterly.wilson_low is 'lower end of the 95% Wilson interval, which takes changes for independent';
comment on column marts.revert_rates_quarterly.wilson_high is 'upper end of the 95% Wilson interval';
comment on column marts.revert_rates_quarterly.interval_method is 'wilson (of changes: models and automation), cluster bootstrap (by contributor: everybody else), or wilson of contributors (where all or none were reverted)';
comment on column marts.revert_rates_quarterly.median_days_to_revert is 'median time from landing to revert of those reverted (days); null where none was';
comment on column marts.revert_rates_quarterly.reason is 'why the rate or its interval is missing; null where none is';
