-- is there exactly one row per key in raw.checkpoints?
select repository_id, checkpoint_id, session, count(*) as rows
from raw.checkpoints
group by all
having count(*) > 1
