create or replace table attribution.commit_contributors as
select
    commits.repository_id,
    commits.commit_id,
    case when not identities.is_agent then identities.contributor_id end as contributor_id
from staging.commits
join attribution.identities
    on identities.repository_id = commits.repository_id
    and identities.name = commits.author_name
    and identities.email = commits.author_email;

comment on table attribution.commit_contributors is 'One row per commit.';
comment on column attribution.commit_contributors.repository_id is 'name of the repository';
comment on column attribution.commit_contributors.commit_id is 'the commit';
comment on column attribution.commit_contributors.contributor_id is 'contributor who authored it; null for a bot or a coding agent';
