-- is every multiple a number or null, never infinite or nan?
select scope, scope_name, measure, quarter_start, bar, multiple, multiple_low, multiple_high
from marts.multiples
where not coalesce(isfinite(bar), true)
    or not coalesce(isfinite(multiple), true)
    or not coalesce(isfinite(multiple_low), true)
    or not coalesce(isfinite(multiple_high), true)
    or not coalesce(isfinite(multiple_low_log_t), true)
    or not coalesce(isfinite(multiple_high_log_t), true)
union all
select scope, scope_name, author_class, null, survival, survival_low, survival_high, half_life_days
from marts.survival_curves
where not coalesce(isfinite(survival), true)
    or not coalesce(isfinite(survival_low), true)
    or not coalesce(isfinite(survival_high), true)
    or not coalesce(isfinite(half_life_days), true)
