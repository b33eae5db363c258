-- is each landed change of a pull request there once?
select repository_id, pull_request_number, commit_id, count(*) as rows
from staging.pull_request_changes
group by repository_id, pull_request_number, commit_id
having count(*) > 1
