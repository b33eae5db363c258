-- is there exactly one row per key in raw.forge_reviews?
select repository_id, number, review_id, count(*) as rows
from raw.forge_reviews
group by all
having count(*) > 1
