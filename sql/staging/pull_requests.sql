create or replace view staging.pull_requests as
select
    repository_id,
    number as pull_request_number,
    head_commit_id,
    head_branch,
    landed_commit_id,
    landed_by,
    own_commits,
    first_authored_at,
    last_committed_at
from raw.pull_requests;

comment on view staging.pull_requests is 'One row per pull or merge request.';
comment on column staging.pull_requests.repository_id is 'name of the repository';
comment on column staging.pull_requests.pull_request_number is 'number on the forge';
comment on column staging.pull_requests.head_commit_id is 'its head commit; null where unknown';
comment on column staging.pull_requests.head_branch is 'head branch where told';
comment on column staging.pull_requests.landed_commit_id is 'landed change that it became; null: not on the default branch';
comment on column staging.pull_requests.landed_by is 'how that is known';
comment on column staging.pull_requests.own_commits is 'its own commits (count)';
comment on column staging.pull_requests.first_authored_at is 'earliest author time of its commits (UTC)';
comment on column staging.pull_requests.last_committed_at is 'latest committer time of its commits (UTC)';
