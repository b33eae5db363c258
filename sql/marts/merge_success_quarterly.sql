-- after: marts.merge_counts
create or replace table marts.merge_success_quarterly as
with rated as (
    select
        counts.*,
        quarters.quarter,
        quarters.is_partial,
        quarters.is_baseline,
        merged / nullif(mature_pull_requests, 0) as rate,
        -- as for the multiple, one quarter is no baseline
        case
            when count(*) filter (quarters.is_baseline and mature_pull_requests > 0) over class
                >= settings.baseline_min_quarters
            then
                sum(merged) filter (quarters.is_baseline) over class
                / nullif(sum(mature_pull_requests) filter (quarters.is_baseline) over class, 0)
        end as baseline_rate
    from marts.merge_counts as counts
    join marts.quarters as quarters using (scope, scope_name, quarter_start)
    cross join raw.settings
    window class as (partition by counts.scope, counts.scope_name, counts.author_class)
)

select
    rated.scope,
    rated.scope_name,
    rated.author_class,
    rated.quarter_start,
    rated.quarter,
    rated.is_partial,
    rated.is_baseline,
    rated.pull_requests,
    rated.mature_pull_requests,
    rated.merged,
    rated.rate,
    wilson.rate_low,
    wilson.rate_high,
    rated.baseline_rate,
    (rated.rate - rated.baseline_rate) * 100 as change_points,
    case
        when rated.mature_pull_requests = 0 then 'window not elapsed, or outcome not known'
        when rated.baseline_rate is null then 'no baseline'
    end as reason
from rated
left join given_wilson as wilson using (merged, mature_pull_requests);

comment on table marts.merge_success_quarterly is 'One row per scope, author class and quarter of opening: how many pull requests were merged within the merge window.';
comment on column marts.merge_success_quarterly.scope is 'organisation, repository or team';
comment on column marts.merge_success_quarterly.scope_name is 'name of the organisation, repository or team';
comment on column marts.merge_success_quarterly.author_class is 'all, or who wrote most of its commits: model, human, automation, undeclared, mixed';
comment on column marts.merge_success_quarterly.quarter_start is 'first day of the quarter';
comment on column marts.merge_success_quarterly.quarter is 'the quarter, such as 2026Q1';
comment on column marts.merge_success_quarterly.is_partial is 'whether the cut-off falls before its end';
comment on column marts.merge_success_quarterly.is_baseline is 'whether it belongs to the baseline';
comment on column marts.merge_success_quarterly.pull_requests is 'pull requests opened (count)';
comment on column marts.merge_success_quarterly.mature_pull_requests is 'of those, old enough and of known outcome: the denominator (count)';
comment on column marts.merge_success_quarterly.merged is 'of those, merged within the merge window: the numerator (count)';
comment on column marts.merge_success_quarterly.rate is 'merged over mature (0 to 1); null without mature ones';
comment on column marts.merge_success_quarterly.rate_low is 'lower end of the 95% Wilson interval';
comment on column marts.merge_success_quarterly.rate_high is 'upper end of the 95% Wilson interval';
comment on column marts.merge_success_quarterly.baseline_rate is 'merged over mature, all baseline quarters together; null without a baseline, or where fewer of its quarters have a rate than a baseline needs';
comment on column marts.merge_success_quarterly.change_points is 'rate minus baseline rate (percentage points)';
comment on column marts.merge_success_quarterly.reason is 'why the rate or the comparison is missing';
