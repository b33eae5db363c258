-- In which month did the multiple move?
select period, multiple, bar, active_contributors, is_partial, reason
from marts.period_bars
where scope = 'organisation' and measure = 'code_lines' and grain = 'month'
order by period_start
