-- What does each repository hold, and how fresh and complete is its clone?
select repository_id, landed_changes, code_lines, contributors, last_landed_at, is_shallow, missing_files, status, problem
from marts.repositories
order by code_lines desc nulls last, repository_id
