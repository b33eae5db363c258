-- is there exactly one row per key in marts.team_memberships?
select team, contributor_id, first_day, count(*) as rows
from marts.team_memberships
group by all
having count(*) > 1
