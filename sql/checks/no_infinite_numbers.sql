-- is every number of a mart finite or null, never infinite or nan?
select 'marts.multiples' as place, scope_name || ' ' || measure || ' ' || quarter as row_key
from marts.multiples
where not list_bool_and([coalesce(isfinite(number), true) for number in [active_contributors, bar, baseline_bar, multiple, multiple_low, multiple_high, multiple_low_log_t, multiple_high_log_t, total, uncapped_total]])
union all
select 'marts.fixed_set_multiples' as place, scope_name || ' ' || group_kind || ' ' || quarter_start as row_key
from marts.fixed_set_multiples
where not list_bool_and([coalesce(isfinite(number), true) for number in [bar, baseline_bar, multiple, multiple_low, multiple_high]])
union all
select 'marts.period_bars' as place, scope_name || ' ' || measure || ' ' || period as row_key
from marts.period_bars
where not list_bool_and([coalesce(isfinite(number), true) for number in [active_contributors, total, bar, baseline_bar, multiple]])
union all
select 'marts.trends' as place, scope_name || ' ' || measure || ' ' || grain as row_key
from marts.trends
where not list_bool_and([coalesce(isfinite(number), true) for number in [growth_per_month, growth_low, growth_high, doubling_months, doubling_low, doubling_high, aicc_linear, aicc_quadratic, aicc_hinge, quadratic_p, acceleration_p]])
union all
select 'marts.repository_rates' as place, repository_id || ' ' || quarter_start as row_key
from marts.repository_rates
where not list_bool_and([coalesce(isfinite(number), true) for number in [contribution, contributor_share, rate]])
union all
select 'marts.rate_and_mix' as place, quarter_start as row_key
from marts.rate_and_mix
where not list_bool_and([coalesce(isfinite(number), true) for number in [multiple, change, rate_effect, mix_effect, other_effect, rate_part, mix_part, other_part]])
union all
select 'marts.authorship_quarterly' as place, scope_name || ' ' || quarter as row_key
from marts.authorship_quarterly
where not list_bool_and([coalesce(isfinite(number), true) for number in [model_lines, model_share, model_share_low, model_share_high, human_share, automation_share, undeclared_share]])
union all
select 'marts.agents_quarterly' as place, scope_name || ' ' || quarter as row_key
from marts.agents_quarterly
where not list_bool_and([coalesce(isfinite(number), true) for number in [model_lines, share_of_code_lines]])
union all
select 'marts.survival_cohorts' as place, scope_name || ' ' || author_class || ' ' || quarter_start as row_key
from marts.survival_cohorts
where not list_bool_and([coalesce(isfinite(number), true) for number in [lines_written, followed_share, churn14, churn30, alive_share_30_days, alive_share_90_days]])
union all
select 'marts.survival_curves' as place, scope_name || ' ' || author_class || ' ' || age_days as row_key
from marts.survival_curves
where not list_bool_and([coalesce(isfinite(number), true) for number in [survival, survival_low, survival_high, half_life_days]])
union all
select 'marts.model_coverage' as place, scope_name || ' ' || quarter_start as row_key
from marts.model_coverage
where not list_bool_and([coalesce(isfinite(number), true) for number in [estimate, estimate_low, estimate_high, coverage]])
