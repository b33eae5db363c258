-- Which landed changes weigh most in the newest quarter, and what did the cap take off?
select
    units.repository_id,
    left(units.commit_id, 12) as commit_id,
    changes.subject,
    units.units as code_lines,
    units.capped_units as counted_lines
from marts.change_units as units
join marts.landed_changes as changes using (repository_id, commit_id)
where units.scope = 'organisation'
    and units.measure = 'code_lines'
    and units.quarter_start = (select max(quarter_start) from marts.quarters)
order by units.units desc, units.commit_id
limit 20
