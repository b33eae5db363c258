create or replace table raw.forge_pull_request_commits as
select told.* replace (names.repository_id as repository_id)
from lake_forge_pull_request_commits as told
join raw.forge_repositories as names on names.told_name = told.repository_id
where names.is_counted
-- the newest list replaces the ones before: a branch is rewritten
qualify told.fetched_at = max(told.fetched_at) over (partition by names.repository_id, told.number)
    and row_number() over (
        partition by names.repository_id, told.number, told.fetched_at, told.commit_id
        order by told.position nulls last, told.author_login
    ) = 1;

comment on table raw.forge_pull_request_commits is 'One row per pull request and commit of its own, as a forge last listed them.';
comment on column raw.forge_pull_request_commits.repository_id is 'name of the repository';
comment on column raw.forge_pull_request_commits.number is 'number on the forge';
comment on column raw.forge_pull_request_commits.fetched_at is 'when the forge listed it (UTC)';
comment on column raw.forge_pull_request_commits.commit_id is 'the commit';
comment on column raw.forge_pull_request_commits.position is 'place in the list; 0 is the oldest';
comment on column raw.forge_pull_request_commits.author_login is 'account of the commit''s author; null where none is tied to it';
