-- is there exactly one row per key in raw.content_facts?
select repository_id, blob_id, count(*) as rows
from raw.content_facts
group by all
having count(*) > 1
