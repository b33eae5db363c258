-- How many squashed pull requests dropped or overstated the model's part, by their own message?
with squashes as (
    select distinct repository_id, landed_commit_id as commit_id
    from attribution.change_parts
    where kind = 'squash'
)

select
    repositories.repository_id,
    count(squashes.commit_id) as squashes,
    count(*) filter (split.model_share > 0 or message.model_share > 0) as with_a_mark,
    count(*) filter (message.model_share = 0 and split.model_share > 0) as dropped,
    count(*) filter (message.model_share > 0 and split.model_share > message.model_share + 0.005) as understated,
    count(*) filter (message.model_share > split.model_share + 0.005) as overstated,
    round(sum(changes.code_lines * message.model_share)) as model_lines_by_message,
    round(sum(changes.model_lines)) as model_lines_by_split
from marts.repositories
left join squashes using (repository_id)
left join marts.landed_changes as changes
    on changes.repository_id = squashes.repository_id and changes.commit_id = squashes.commit_id
left join attribution.change_authorship as split
    on split.repository_id = squashes.repository_id and split.commit_id = squashes.commit_id
left join attribution.commit_authorship as message
    on message.repository_id = squashes.repository_id and message.commit_id = squashes.commit_id
group by repositories.repository_id
order by repositories.repository_id
