create or replace view marts.forge_quality as
with pulls as (
    select
        pulls.*,
        max(pulls.has_ref) over (partition by repository_id) as repository_has_refs,
        max(pulls.told_at) over (partition by repository_id) is not null as repository_is_told,
        repositories.default_branch,
        repositories.repository_id is not null as has_clone,
        outcomes.outcome
    from staging.pull_requests as pulls
    left join raw.repositories using (repository_id)
    join marts.pull_requests as outcomes using (repository_id, pull_request_number)
),

compared as (
    select
        repository_id,
        count(*) filter (has_clone and repository_is_told) as told_of_clone,
        count(*) filter (has_clone and repository_is_told and told_at is null) as not_told,
        count(*) filter (repository_has_refs and repository_is_told and not has_ref) as without_ref,
        count(*) filter (ref_head_commit_id is not null and told_head_commit_id is not null) as both_heads,
        count(*) filter (ref_head_commit_id != told_head_commit_id) as other_heads,
        count(*) filter (has_clone and state = 'merged') as merged,
        count(*) filter (
            has_clone
            and state = 'merged'
            and landed_commit_id is null
            and coalesce(base_branch = default_branch, true)
        ) as not_landed,
        count(*) filter (has_clone and state in ('open', 'closed')) as not_merged,
        count(*) filter (state in ('open', 'closed') and outcome = 'merged') as landed_anyway,
        count(*) filter (state = 'closed') as closed,
        count(*) filter (is_superseded) as superseded,
        count(*) filter (landed_by = 'merge commit' and clone_landed_commit_id is not null) as both_links,
        count(*) filter (landed_by = 'merge commit' and clone_landed_commit_id != landed_commit_id) as other_links
    from pulls
    group by repository_id
),

disagreements as (
    select repository_id, field, count(*) as affected, mode(sources) as sources
    from staging.forge_disagreements
    group by repository_id, field
),

told as (
    select repository_id, count(*) as pull_requests
    from staging.forge_pull_requests
    group by repository_id
)

select
    repository_id,
    'pull requests that no forge told of' as issue,
    not_told as affected,
    told_of_clone as total,
    'refs and messages name them; what only forges know (opened, author, reviews) is missing' as detail
from compared
union all
select
    repository_id,
    'pull requests that the clone has no ref of',
    without_ref,
    told_of_clone,
    'opened after the last fetch, or their refs are gone; their commits are not known'
from compared
union all
select
    repository_id,
    'heads that refs and forge tell differently',
    other_heads,
    both_heads,
    'pushed to between the two tellings; the ref counts'
from compared
union all
select
    repository_id,
    'merged on the forge, not found on the default branch',
    not_landed,
    merged,
    'rewritten on landing, merged after the last fetch, or into another branch; they count as merged, and no landed change is theirs'
from compared
union all
select
    repository_id,
    'landed, though the forge calls them open or closed',
    landed_anyway,
    not_merged,
    'landed by hand or by a bot, or told before they landed; they count as merged'
from compared
union all
select
    repository_id,
    'closed on the forge, while their commits landed with another',
    superseded,
    closed,
    'their head is on the default branch; they count as not merged'
from compared
union all
select
    repository_id,
    'landed changes that merge commit and clone tell differently',
    other_links,
    both_links,
    'the merge commit counts'
from compared
union all
select
    disagreements.repository_id,
    'sources that disagree on ' || disagreements.field,
    disagreements.affected,
    told.pull_requests,
    'told by ' || array_to_string(disagreements.sources, ', ') || '; the newest telling counts, and nothing undoes a merge'
from disagreements
join told using (repository_id)
union all
select
    repository_id,
    'reviews of pull requests that nothing tells of',
    count(*) filter (pulls.pull_request_number is null),
    count(*),
    'a table of reviews without its table of pull requests'
from staging.reviews
left join staging.pull_requests as pulls using (repository_id, pull_request_number)
group by repository_id
union all
select
    null,
    'pull requests of repositories without a clone',
    count(*) filter (matched_by = 'none'),
    count(*),
    'in ' || count(distinct told.repository_id) filter (matched_by = 'none')
    || ' repositories; nothing is known of their commits and landed changes'
from staging.forge_pull_requests as told
join (
    select repository_id, min(matched_by) as matched_by
    from raw.forge_repositories
    group by repository_id
) as names using (repository_id)
union all
select
    null,
    'files of pull requests: ' || problem,
    affected,
    rows,
    file || ', first at ' || example
from raw.forge_files
where problem is not null and problem != 'columns that nothing reads';

comment on view marts.forge_quality is 'One row per repository and issue about what forges and files tell of pull requests, those without a case included.';
comment on column marts.forge_quality.repository_id is 'name of the repository; null for what files and settings say of all';
comment on column marts.forge_quality.issue is 'what the matter is';
comment on column marts.forge_quality.affected is 'how many it affects (count of what the issue names)';
comment on column marts.forge_quality.total is 'out of how many';
comment on column marts.forge_quality.detail is 'what follows';
