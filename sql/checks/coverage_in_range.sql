-- is every coverage estimate a number between what was seen and what landed, inside its interval, or null with a reason?
select scope, scope_name, quarter_start, seen, estimate, estimate_low, estimate_high, commits, reason
from marts.model_coverage
where (estimate is null) != (reason is not null)
    or not coalesce(isfinite(estimate) and isfinite(estimate_high), true)
    or estimate < seen - 1e-9
    or estimate > commits + 1e-9
    or estimate not between estimate_low - 1e-9 and estimate_high + 1e-9
