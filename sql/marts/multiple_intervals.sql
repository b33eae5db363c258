-- after: marts.bars, marts.change_units, marts.measured_quarters, marts.contributor_activity, marts.quarters,
-- raw.settings (cap_quantile, cap_min_pool, cap_pool_days, baseline_min_quarters)
create or replace table marts.multiple_intervals as
select * from given_multiple_intervals;

comment on table marts.multiple_intervals is 'One row per scope, measure and quarter: point and intervals as the functions of estimates compute them from the same changes.';
comment on column marts.multiple_intervals.scope is 'organisation, repository or team';
comment on column marts.multiple_intervals.scope_name is 'name of the organisation, repository or team';
comment on column marts.multiple_intervals.measure is 'code_lines, lines_alive_30_days, lines_alive_90_days, net_lines, landed_changes or merged_pull_requests';
comment on column marts.multiple_intervals.quarter_start is 'first day of the quarter';
comment on column marts.multiple_intervals.bar is 'units landed per active contributor and day, mean over days';
comment on column marts.multiple_intervals.multiple is 'bar over baseline bar';
comment on column marts.multiple_intervals.multiple_low is 'lower end of the 95% cluster percentile interval';
comment on column marts.multiple_intervals.multiple_high is 'upper end of that interval';
comment on column marts.multiple_intervals.multiple_low_log_t is 'lower end of the 95% log-delta t interval';
comment on column marts.multiple_intervals.multiple_high_log_t is 'upper end of that interval';
comment on column marts.multiple_intervals.interval_contributors is 'contributors active in the baseline or the quarter (count)';
comment on column marts.multiple_intervals.reason is 'why the multiple or an interval is missing';
