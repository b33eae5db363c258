-- is every commit of the first-parent chain a landed change, with authorship?
select landings.repository_id, landings.commit_id, landings.position
from staging.landings
left join marts.landed_changes using (repository_id, commit_id)
where landings.is_landed_change and (landed_changes.commit_id is null or landed_changes.model_share is null)
