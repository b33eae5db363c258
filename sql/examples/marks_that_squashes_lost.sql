-- How many squashed pull requests dropped or overstated the model's part, by their own message?
with squashes as (
    select distinct repository_id, landed_commit_id as commit_id
    from attribution.change_parts
    where kind = 'squash'
)

select
    changes.repository_id,
    count(*) as squashes,
    count(*) filter (split.model_share > 0 or message.model_share > 0) as with_a_mark,
    count(*) filter (message.model_share = 0 and split.model_share > 0) as dropped,
    count(*) filter (message.model_share > 0 and split.model_share > message.model_share + 0.005) as understated,
    count(*) filter (message.model_share > split.model_share + 0.005) as overstated,
    round(sum(changes.code_lines * message.model_share)) as model_lines_by_message,
    round(sum(changes.model_lines)) as model_lines_by_split
from squashes
join marts.landed_changes as changes using (repository_id, commit_id)
join attribution.change_authorship as split using (repository_id, commit_id)
join attribution.commit_authorship as message using (repository_id, commit_id)
group by changes.repository_id
order by changes.repository_id
