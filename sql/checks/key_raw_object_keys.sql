-- is there exactly one row per key in raw.object_keys?
select object_name, count(*) as rows
from raw.object_keys
group by all
having count(*) > 1
