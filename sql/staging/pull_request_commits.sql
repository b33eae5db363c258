create or replace view staging.pull_request_commits as
select
    repository_id,
    number as pull_request_number,
    commit_id
from raw.pull_request_commits;

comment on view staging.pull_request_commits is 'One row per pull request and commit of its own.';
comment on column staging.pull_request_commits.repository_id is 'name of the repository';
comment on column staging.pull_request_commits.pull_request_number is 'number on the forge';
comment on column staging.pull_request_commits.commit_id is 'the commit';
