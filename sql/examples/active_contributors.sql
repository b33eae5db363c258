-- How many people were active on average in each quarter?
select quarter, active_contributors, landed_changes, landed_changes / nullif(active_contributors, 0) as changes_per_contributor
from marts.multiples
where scope = 'organisation' and measure = 'landed_changes'
order by quarter_start
