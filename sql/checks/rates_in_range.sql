-- is every rate and share between 0 and 1, and inside its interval?
select scope, scope_name, author_class as what, quarter_start, rate as value, rate_low as low, rate_high as high
from marts.merge_success_quarterly
where rate not between rate_low - 1e-12 and rate_high + 1e-12
    or rate_low < -1e-12
    or rate_high > 1 + 1e-12
    or merged > mature_pull_requests
union all
select scope, scope_name, 'model share', quarter_start, model_share, model_share_low, model_share_high
from marts.authorship_quarterly
where model_share not between model_share_low - 1e-9 and model_share_high + 1e-9
    or model_share_low < 0
    or model_share_high > 1 + 1e-9
union all
select scope, scope_name, author_class || ' churn30', quarter_start, churn30, 1 - alive_share_30_days, null
from marts.survival_cohorts
where churn14 not between -1e-12 and churn30 + 1e-9
    or churn30 > 1 + 1e-9
    or abs(churn30 + alive_share_30_days - 1) > 1e-9
    or alive_share_90_days not between -1e-9 and 1 + 1e-9
    or followed_share not between 0 and 1 + 1e-9
union all
select scope, scope_name, author_class || ' survival at ' || age_days, null, survival, survival_low, survival_high
from marts.survival_curves
where survival not between 0 and 1
    or survival not between survival_low - 1e-12 and survival_high + 1e-12
    or survival_low < 0
    or survival_high > 1
