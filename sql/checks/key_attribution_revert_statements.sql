-- is there exactly one row per key in attribution.revert_statements?
select repository_id, commit_id, said_by, is_return, is_said_partial, named_id, named_number, count(*) as rows
from attribution.revert_statements
group by all
having count(*) > 1
