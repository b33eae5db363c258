-- is there exactly one row per key in raw.added_lines?
select repository_id, commit_id, path, first_line, count(*) as rows
from raw.added_lines
group by all
having count(*) > 1
