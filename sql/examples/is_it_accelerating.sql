-- How fast does it grow, and is the pace still accelerating?
select
    measure,
    with_partial,
    points,
    doubling_months,
    doubling_low,
    doubling_high,
    doubling_reason,
    acceleration,
    acceleration_reason
from marts.trends
where scope = 'organisation' and grain = 'quarter'
order by measure, with_partial
