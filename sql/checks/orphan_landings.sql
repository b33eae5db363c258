-- is every commit of a default branch, and the landed change that brought it in, among the commits?
select landings.repository_id, landings.commit_id, landings.landed_commit_id
from raw.landings
left join raw.commits using (repository_id, commit_id)
left join raw.commits as landed
    on landed.repository_id = landings.repository_id
    and landed.commit_id = landings.landed_commit_id
where commits.commit_id is null or landed.commit_id is null
