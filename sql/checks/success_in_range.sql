-- is every rate of success, reverts, waiting, reviews and concentration in range and in its interval?
select scope, scope_name, author_class || ' ' || rung as what, quarter_start, rate as value, rate_low as low, rate_high as high
from marts.success_ladder_quarterly
where rate not between rate_low - 1e-9 and rate_high + 1e-9
    or rate not between 0 and 1
    or not (wilson_low >= -1e-12 and wilson_high <= 1 + 1e-12)
    or rate is null and reason is null
union all
select scope, scope_name, author_class || ' reverts', quarter_start, revert_rate, revert_rate_low, revert_rate_high
from marts.revert_rates_quarterly
where revert_rate not between revert_rate_low - 1e-9 and revert_rate_high + 1e-9
    or revert_rate not between 0 and 1
    or reverted + partly_reverted > trials
    or trials + reverts > landed_changes
union all
select scope, scope_name, author_class || ' days to merge', quarter_start, median_days, median_days_low, median_days_high
from marts.time_to_merge_quarterly
where median_days not between median_days_low and coalesce(median_days_high, 'inf')
    or merged_1_day > merged_7_days + 1e-12
    or merged_7_days > merged_30_days + 1e-12
    or merged_30_days not between 0 and 1
union all
select scope, scope_name, author_class || ' reviews', quarter_start, unreviewed_share, no_human_review_share, null
from marts.review_load_quarterly
where unreviewed_share > no_human_review_share or no_human_review_share > 1 or told_pull_requests > merged_pull_requests
union all
select scope, scope_name, 'concentration', quarter_start, top_tenth_share, gini, effective_contributors
from marts.concentration_quarterly
where top_tenth_share not between top_contributors / contributors - 1e-9 and 1
    or gini not between -1e-9 and 1
    or effective_contributors not between 1 - 1e-9 and contributors + 1e-9
    or contributors < 10 and coalesce(top_tenth_share, gini, effective_contributors) is not null
