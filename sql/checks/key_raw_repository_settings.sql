-- is there exactly one row per key in raw.repository_settings?
select repository_id, count(*) as rows
from raw.repository_settings
group by all
having count(*) > 1
