-- is every multiple a number or null, never infinite or nan?
select scope, scope_name, measure, quarter_start, bar, multiple, multiple_low, multiple_high
from marts.multiples
where not coalesce(isfinite(bar), true)
    or not coalesce(isfinite(multiple), true)
    or not coalesce(isfinite(multiple_low), true)
    or not coalesce(isfinite(multiple_high), true)
    or not coalesce(isfinite(multiple_low_log_t), true)
    or not coalesce(isfinite(multiple_high_log_t), true)
