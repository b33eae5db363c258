create or replace table attribution.excluded_commits as
with commits as (
    select
        commits.repository_id,
        commits.commit_id,
        lower(trim(commits.author_email)) as author_email,
        identities.mapped_email
    from staging.commits
    left join attribution.identities
        on identities.repository_id = commits.repository_id
        and identities.name = commits.author_name
        and identities.email = commits.author_email
),

matched as (
    select commits.repository_id, commits.commit_id, exclusions.reason
    from commits
    join raw.exclusions on starts_with(commits.commit_id, exclusions.commit_id)
    where exclusions.repository_id is null or exclusions.repository_id = commits.repository_id
    union all
    select commits.repository_id, commits.commit_id, exclusions.reason
    from commits
    join raw.exclusions on exclusions.author_email in (commits.author_email, commits.mapped_email)
    where exclusions.repository_id is null or exclusions.repository_id = commits.repository_id
)

select repository_id, commit_id, string_agg(distinct reason, '; ' order by reason) as reason
from matched
group by repository_id, commit_id;

comment on table attribution.excluded_commits is 'One row per commit that the settings leave out, by its id or its author.';
comment on column attribution.excluded_commits.repository_id is 'name of the repository';
comment on column attribution.excluded_commits.commit_id is 'the commit';
comment on column attribution.excluded_commits.reason is 'why, as the settings say';
