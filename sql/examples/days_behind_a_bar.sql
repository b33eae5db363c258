-- Which days make the bar of the newest whole quarter?
select quarter, day, active_contributors, landed_changes, capped_units, rate
from trace_bars((select arg_max(quarter, quarter_start) from marts.quarters where is_whole))
order by capped_units desc, day
limit 20
