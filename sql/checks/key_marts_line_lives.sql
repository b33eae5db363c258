-- is there exactly one row per key in marts.line_lives?
select repository_id, commit_id, death_commit_id, fate, count(*) as rows
from marts.line_lives
group by all
having count(*) > 1
