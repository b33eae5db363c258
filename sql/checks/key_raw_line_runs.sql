-- is there exactly one row per key in raw.line_runs?
select repository_id, path, first_line, count(*) as rows
from raw.line_runs
group by all
having count(*) > 1
