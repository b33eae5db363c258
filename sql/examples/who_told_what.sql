-- Where does what is known of pull requests come from, and where do the sources disagree?
select
    repository_id,
    count(*) as pull_requests,
    count(*) filter (told_at is null) as from_the_clone_alone,
    count(*) filter (not is_in_clone) as from_forges_alone,
    count(*) filter (created_at is not null) as opened_as_told,
    count(landed_commit_id) as landed,
    count(*) filter (landed_by = 'merge commit') as landed_by_merge_commit,
    count(disagreements.fields) as told_differently
from staging.pull_requests
left join (
    select repository_id, pull_request_number, count(*) as fields
    from staging.forge_disagreements
    group by all
) as disagreements using (repository_id, pull_request_number)
group by repository_id
order by pull_requests desc, repository_id
