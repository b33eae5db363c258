-- is there exactly one row per key in raw.forge_repositories?
select told_name, count(*) as rows
from raw.forge_repositories
group by all
having count(*) > 1
