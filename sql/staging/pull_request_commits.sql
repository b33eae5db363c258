create or replace view staging.pull_request_commits as
select
    repository_id,
    number as pull_request_number,
    commit_id,
    'refs' as source
from raw.pull_request_commits
union all
-- where the clone has no ref of it, what the forge listed
select
    listed.repository_id,
    listed.number,
    listed.commit_id,
    'forge'
from raw.forge_pull_request_commits as listed
anti join raw.pull_request_commits as refs using (repository_id, number);

comment on view staging.pull_request_commits is 'One row per pull request and commit of its own.';
comment on column staging.pull_request_commits.repository_id is 'name of the repository';
comment on column staging.pull_request_commits.pull_request_number is 'number on the forge';
comment on column staging.pull_request_commits.commit_id is 'the commit; it need not be in the clone';
comment on column staging.pull_request_commits.source is 'refs of the clone, or forge';
