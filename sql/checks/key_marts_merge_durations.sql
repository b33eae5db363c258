-- is there exactly one row per key in marts.merge_durations?
select scope, scope_name, author_class, repository_id, pull_request_number, count(*) as rows
from marts.merge_durations
group by all
having count(*) > 1
