-- after: marts.merge_durations
create or replace table marts.time_to_merge_quarterly as
select
    found.scope,
    found.scope_name,
    found.author_class,
    found.quarter_start,
    quarters.quarter,
    quarters.is_partial,
    found.pull_requests,
    found.merged,
    found.contributors,
    found.merged_1_day,
    found.merged_7_days,
    found.merged_30_days,
    found.median_days,
    found.median_days_low,
    found.median_days_high,
    found.interval_method,
    found.reason
from given_time_to_merge as found
join marts.quarters as quarters using (scope, scope_name, quarter_start);

comment on table marts.time_to_merge_quarterly is 'One row per scope, author class and quarter of opening: time from opening to merge (Kaplan-Meier).';
comment on column marts.time_to_merge_quarterly.scope is 'organisation, repository or team';
comment on column marts.time_to_merge_quarterly.scope_name is 'name of the organisation, repository or team';
comment on column marts.time_to_merge_quarterly.author_class is 'all, or who wrote most of its commits: model, human, automation, undeclared, mixed';
comment on column marts.time_to_merge_quarterly.quarter_start is 'first day of the quarter';
comment on column marts.time_to_merge_quarterly.quarter is 'the quarter, such as 2026Q1';
comment on column marts.time_to_merge_quarterly.is_partial is 'whether the cut-off falls before its end';
comment on column marts.time_to_merge_quarterly.pull_requests is 'pull requests opened, of known outcome (count)';
comment on column marts.time_to_merge_quarterly.merged is 'of those, merged up to the cut-off (count)';
comment on column marts.time_to_merge_quarterly.contributors is 'contributors, agents and bots behind them (count)';
comment on column marts.time_to_merge_quarterly.merged_1_day is 'estimated share merged within 1 day of opening (0 to 1); null where none was watched that long';
comment on column marts.time_to_merge_quarterly.merged_7_days is 'estimated share merged within 7 days (0 to 1)';
comment on column marts.time_to_merge_quarterly.merged_30_days is 'estimated share merged within 30 days (0 to 1)';
comment on column marts.time_to_merge_quarterly.median_days is 'time within which half of all that were opened were merged (days); null where half never were: see reason';
comment on column marts.time_to_merge_quarterly.median_days_low is 'lower end of its 95% interval (days)';
comment on column marts.time_to_merge_quarterly.median_days_high is 'upper end of its 95% interval (days); null where the data set it none (open above): see reason';
comment on column marts.time_to_merge_quarterly.interval_method is 'greenwood (models and automation) or by contributor (everybody else)';
comment on column marts.time_to_merge_quarterly.reason is 'why the median, its interval or a share is missing; null where none is';
