create or replace view marts.trend_points as
with baseline as (
    select max(quarter_start) as quarter_start
    from marts.quarters
    where scope = 'organisation' and is_baseline
),

points as (
    select scope, scope_name, measure, 'quarter' as grain, quarter_start as period_start, is_partial, multiple
    from marts.multiples
    union all by name
    select scope, scope_name, measure, grain, period_start, is_partial, multiple
    from marts.period_bars
    where grain = 'month' and scope != 'repository'
)

select
    points.scope,
    points.scope_name,
    points.measure,
    points.grain,
    points.period_start,
    12 * year(points.period_start) + month(points.period_start) as month_index,
    points.is_partial,
    points.multiple
from points
cross join baseline
where points.period_start >= baseline.quarter_start + interval 3 months;

comment on view marts.trend_points is 'One row per scope, measure, grain and period after the baseline: what the trends are fitted to.';
comment on column marts.trend_points.scope is 'organisation, repository or team';
comment on column marts.trend_points.scope_name is 'name of the organisation, repository or team';
comment on column marts.trend_points.measure is 'the measure, as in marts.multiples';
comment on column marts.trend_points.grain is 'quarter, or month (not for single repositories)';
comment on column marts.trend_points.period_start is 'first day of the period';
comment on column marts.trend_points.month_index is 'months since the year 0 (count)';
comment on column marts.trend_points.is_partial is 'whether the cut-off falls before its end';
comment on column marts.trend_points.multiple is 'multiple against the baseline; null where there is none';
