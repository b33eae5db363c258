-- Which days make the bar of a quarter?
select day, active_contributors, landed_changes, capped_units, rate
from trace_bars('2025-Q4')
order by capped_units desc, day
limit 20
