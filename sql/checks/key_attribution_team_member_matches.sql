-- is there exactly one row per key in attribution.team_member_matches?
select team, member, count(*) as rows
from attribution.team_member_matches
group by all
having count(*) > 1
