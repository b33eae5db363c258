-- is there exactly one row per key in marts.change_teams?
select repository_id, commit_id, team, count(*) as rows
from marts.change_teams
group by all
having count(*) > 1
