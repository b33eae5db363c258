create or replace table marts.multiples as
with quarters as (
    select * from marts.quarters
),

settings as (
    select * from raw.settings
),

bars as (
    select
        bars.*,
        measured.reason as not_measured,
        quarters.* exclude (scope, scope_name, quarter_start),
        caps.cap_lines
    from marts.bars
    join quarters using (scope, scope_name, quarter_start)
    join marts.measured_quarters as measured using (scope, scope_name, measure, quarter_start)
    left join marts.caps using (scope, scope_name, measure, quarter_start)
),

baselines as (
    select
        scope,
        scope_name,
        measure,
        count(bar) filter (is_baseline) as baseline_quarters,
        main.exact_sum(case when is_baseline then bar end)
            / nullif(count(bar) filter (is_baseline), 0) as baseline_bar
    from bars
    group by all
),

compared as (
    select
        bars.*,
        baselines.baseline_quarters,
        case
            when baselines.baseline_quarters >= settings.baseline_min_quarters
                then baselines.baseline_bar
        end as usable_baseline_bar,
        case when usable_baseline_bar > 0 then bars.bar / usable_baseline_bar end as multiple
    from bars
    join baselines using (scope, scope_name, measure)
    cross join settings
)

select
    compared.scope,
    compared.scope_name,
    compared.measure,
    compared.quarter_start,
    compared.quarter,
    compared.is_partial,
    compared.is_whole,
    compared.is_baseline,
    compared.days,
    compared.landed_changes,
    compared.total,
    compared.uncapped_total,
    compared.cap_lines,
    compared.active_contributors,
    compared.bar,
    compared.baseline_quarters,
    compared.usable_baseline_bar as baseline_bar,
    compared.multiple,
    intervals.multiple_low,
    intervals.multiple_high,
    intervals.multiple_low_log_t,
    intervals.multiple_high_log_t,
    intervals.interval_contributors,
    case
        when compared.not_measured is not null then compared.not_measured
        when compared.usable_baseline_bar is null then 'no baseline'
        when compared.bar is null then 'no active contributor'
        else intervals.reason
    end as reason
from compared
left join marts.multiple_intervals as intervals
    using (scope, scope_name, measure, quarter_start);

comment on table marts.multiples is 'One row per scope, measure and quarter: the multiple against the baseline, with its interval.';
comment on column marts.multiples.scope is 'organisation, repository or team';
comment on column marts.multiples.scope_name is 'name of the organisation, repository or team';
comment on column marts.multiples.measure is 'code_lines (the shipped-code multiple: capped added lines of class source and test), lines_alive_30_days and lines_alive_90_days (of these, capped, the lines alive at that age), net_lines (added minus deleted, uncapped), landed_changes or merged_pull_requests';
comment on column marts.multiples.quarter_start is 'first day of the quarter';
comment on column marts.multiples.quarter is 'the quarter, such as 2026Q1';
comment on column marts.multiples.is_partial is 'whether the cut-off falls before its end';
comment on column marts.multiples.is_whole is 'whether the scope has history from its first day to its end';
comment on column marts.multiples.is_baseline is 'whether it belongs to the baseline';
comment on column marts.multiples.days is 'days measured (count)';
comment on column marts.multiples.landed_changes is 'landed changes with a value (count)';
comment on column marts.multiples.total is 'units landed in the quarter, capped; null where the measure cannot be taken, see reason';
comment on column marts.multiples.uncapped_total is 'units landed in the quarter, uncapped; null where the measure cannot be taken, see reason';
comment on column marts.multiples.cap_lines is 'cap on a change (code lines); null: no cap';
comment on column marts.multiples.active_contributors is 'active contributors, mean over the days measured';
comment on column marts.multiples.bar is 'units landed per active contributor and day, mean over days';
comment on column marts.multiples.baseline_quarters is 'quarters of the baseline with a bar (count)';
comment on column marts.multiples.baseline_bar is 'mean of the bars of the baseline; null with too few quarters';
comment on column marts.multiples.multiple is 'bar over baseline bar; null where there is none, see reason';
comment on column marts.multiples.multiple_low is 'lower end of the 95% interval: cluster percentile bootstrap by contributor';
comment on column marts.multiples.multiple_high is 'upper end of that interval';
comment on column marts.multiples.multiple_low_log_t is 'lower end of the 95% interval: t on the log, bootstrap standard error';
comment on column marts.multiples.multiple_high_log_t is 'upper end of that interval';
comment on column marts.multiples.interval_contributors is 'contributors active in the baseline or the quarter (count)';
comment on column marts.multiples.reason is 'why the multiple or its interval is missing; null where nothing is';
