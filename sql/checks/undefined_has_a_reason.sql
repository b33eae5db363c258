-- does every number that is missing say why?
select 'marts.multiples' as place, scope_name || ' ' || measure || ' ' || quarter as row_key
from marts.multiples
where reason is null
    and list_bool_or([number is null for number in [multiple, multiple_low, multiple_high, multiple_low_log_t, multiple_high_log_t]])
union all
select 'marts.fixed_set_multiples' as place, scope_name || ' ' || group_kind || ' ' || quarter_start as row_key
from marts.fixed_set_multiples
where reason is null
    and list_bool_or([number is null for number in [multiple, multiple_low, multiple_high]])
union all
select 'marts.period_bars' as place, scope_name || ' ' || measure || ' ' || period as row_key
from marts.period_bars
where reason is null
    and list_bool_or([number is null for number in [multiple]])
union all
select 'marts.trends' as place, scope_name || ' ' || measure || ' ' || grain as row_key
from marts.trends
where doubling_reason is null
    and list_bool_or([number is null for number in [doubling_months, doubling_low, doubling_high]])
union all
select 'marts.authorship_quarterly' as place, scope_name || ' ' || quarter as row_key
from marts.authorship_quarterly
where reason is null
    and list_bool_or([number is null for number in [model_share, model_share_low, model_share_high]])
union all
select 'marts.agents_quarterly' as place, scope_name || ' ' || quarter as row_key
from marts.agents_quarterly
where reason is null
    and list_bool_or([number is null for number in [share_of_code_lines]])
union all
select 'marts.evidence_tiers_quarterly' as place, scope_name || ' ' || quarter as row_key
from marts.evidence_tiers_quarterly
where reason is null
    and list_bool_or([number is null for number in [share_of_code_lines, share_of_model_lines]])
union all
select 'marts.survival_cohorts' as place, scope_name || ' ' || author_class || ' ' || quarter_start as row_key
from marts.survival_cohorts
where coalesce(reason_30_days, reason_14_days) is null
    and list_bool_or([number is null for number in [churn14, churn30]])
union all
select 'marts.survival_curves' as place, scope_name || ' ' || author_class || ' ' || age_days as row_key
from marts.survival_curves
where reason is null
    and list_bool_or([number is null for number in [survival, survival_low, survival_high]])
union all
select 'marts.model_coverage' as place, scope_name || ' ' || quarter_start as row_key
from marts.model_coverage
where reason is null
    and list_bool_or([number is null for number in [estimate, coverage]])
union all
select 'marts.merge_success_quarterly' as place, scope_name || ' ' || author_class || ' ' || quarter as row_key
from marts.merge_success_quarterly
where reason is null
    and list_bool_or([number is null for number in [rate, change_points]])
union all
select 'marts.revert_rates_quarterly' as place, scope_name || ' ' || author_class || ' ' || quarter as row_key
from marts.revert_rates_quarterly
where reason is null
    and list_bool_or([number is null for number in [revert_rate, revert_rate_low, revert_rate_high]])
union all
select 'marts.time_to_merge_quarterly' as place, scope_name || ' ' || author_class || ' ' || quarter as row_key
from marts.time_to_merge_quarterly
where reason is null
    and list_bool_or([number is null for number in [merged_1_day, merged_7_days, merged_30_days, median_days, median_days_low, median_days_high]])
union all
select 'marts.concentration_quarterly' as place, scope_name || ' ' || quarter as row_key
from marts.concentration_quarterly
where reason is null
    and list_bool_or([number is null for number in [top_tenth_share, gini, effective_contributors]])
union all
select 'marts.half_lives' as place, scope_name || ' ' || author_class as row_key
from marts.half_lives
where reason is null
    and list_bool_or([number is null for number in [half_life_days]])
union all
select 'marts.trends', scope_name || ' ' || measure || ' ' || grain
from marts.trends
where acceleration_reason is null and acceleration != 'established'
