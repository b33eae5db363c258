-- is there exactly one row per key in raw.line_deaths?
select repository_id, death_commit_id, birth_commit_id, birth_path, origin_commit_id, origin_path, fate, count(*) as rows
from raw.line_deaths
group by all
having count(*) > 1
