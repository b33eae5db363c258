-- is there exactly one row per key in raw.attribute_blobs?
select repository_id, blob_id, count(*) as rows
from raw.attribute_blobs
group by all
having count(*) > 1
