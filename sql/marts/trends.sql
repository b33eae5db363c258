-- after: marts.trend_points
create or replace table marts.trends as
select
    * exclude (verdict, reason),
    verdict as acceleration,
    reason as doubling_reason,
    case
        when verdict = 'established' then null
        when verdict = 'too few quarters' then 'too few periods'
        when preferred is null then reason
        when preferred = 'log-linear' then 'AICc prefers the straight line'
        when acceleration_p >= 0.05 then 'chance bends a straight line as much (p of 0.05 or more)'
        else 'the better fit does not bend upwards'
    end as acceleration_reason
from given_trends;

comment on table marts.trends is 'One row per scope, measure, grain and whether the partial period counts: log-linear trend of the multiples after the baseline, and whether it accelerates.';
comment on column marts.trends.scope is 'organisation, repository or team';
comment on column marts.trends.scope_name is 'name of the organisation, repository or team';
comment on column marts.trends.measure is 'the measure, as in marts.multiples';
comment on column marts.trends.grain is 'quarter, or month (not for single repositories)';
comment on column marts.trends.with_partial is 'whether the period of the cut-off counts though it is not over';
comment on column marts.trends.first_period is 'first day of the first period with a multiple; null without any';
comment on column marts.trends.last_period is 'first day of the last period with a multiple; null without any';
comment on column marts.trends.points is 'periods with a multiple (count)';
comment on column marts.trends.growth_per_month is 'slope of the logarithm of the multiple (per month); null where nothing was fitted';
comment on column marts.trends.growth_low is 'lower end of its 95% t interval (per month)';
comment on column marts.trends.growth_high is 'upper end of that interval (per month)';
comment on column marts.trends.doubling_months is 'doubling time (months); null where it does not grow';
comment on column marts.trends.doubling_low is 'lower end of its 95% interval (months)';
comment on column marts.trends.doubling_high is 'upper end of that interval (months); null: without bound, see doubling_reason';
comment on column marts.trends.aicc_linear is 'AICc of the log-linear fit (a lower one is preferred); null with too few periods for one';
comment on column marts.trends.aicc_quadratic is 'AICc of the log-quadratic fit';
comment on column marts.trends.aicc_hinge is 'AICc of the best fit of two joined lines';
comment on column marts.trends.quadratic_p is 'two-sided p of the quadratic term (0 to 1)';
comment on column marts.trends.acceleration_p is 'parametric-bootstrap p of acceleration against a log-linear trend (0 to 1)';
comment on column marts.trends.preferred is 'fit with the lowest AICc: log-linear, log-quadratic or hinge; null without any';
comment on column marts.trends.acceleration is 'established, not established, or too few quarters (periods) to tell';
comment on column marts.trends.doubling_reason is 'why the doubling time or an end of its interval is missing; null where nothing is';
comment on column marts.trends.acceleration_reason is 'why acceleration is not established; null where it is';
