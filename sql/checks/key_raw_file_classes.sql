-- is there exactly one row per key in raw.file_classes?
select repository_id, path, from_position, count(*) as rows
from raw.file_classes
group by all
having count(*) > 1
