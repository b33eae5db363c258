-- What is the evidence that a model wrote the newest change that is credited to one?
with newest as (
    select repository_id, commit_id
    from marts.landed_changes
    where model_share > 0
    order by landed_at desc, commit_id
    limit 1
)

select findings.commit_id, findings.place, findings.matched_text, findings.agent, findings.tier, findings.weight
from newest
join attribution.change_parts as parts
    on parts.repository_id = newest.repository_id
    and parts.landed_commit_id = newest.commit_id
join attribution.findings
    on findings.repository_id = parts.repository_id
    and findings.commit_id = parts.commit_id
where not findings.ruled_out
order by findings.commit_id, findings.signal_id
