-- is there exactly one row per key in raw.attribute_versions?
select repository_id, path, from_position, count(*) as rows
from raw.attribute_versions
group by all
having count(*) > 1
