-- is there exactly one row per key in raw.team_members?
select team, member, first_day, last_day, count(*) as rows
from raw.team_members
group by all
having count(*) > 1
