create or replace table raw.pull_requests as
select * from lake_pull_requests;

comment on table raw.pull_requests is 'One row per pull or merge request known from refs or messages.';
comment on column raw.pull_requests.repository_id is 'name of the repository';
comment on column raw.pull_requests.number is 'number on the forge';
comment on column raw.pull_requests.ref is 'ref of its head; null where only a message names it';
comment on column raw.pull_requests.head_commit_id is 'its head commit; null where unknown';
comment on column raw.pull_requests.head_branch is 'head branch, where a merge message tells it';
comment on column raw.pull_requests.landed_commit_id is 'landed change that it became; null: not on the default branch';
comment on column raw.pull_requests.landed_by is 'how that is known: merge message, head reachable, subject number, rebased head or closing line';
comment on column raw.pull_requests.own_commits is 'its own commits (count); null where the head is unknown or there are more than 250';
comment on column raw.pull_requests.first_authored_at is 'earliest author time of its own commits (UTC)';
comment on column raw.pull_requests.last_committed_at is 'latest committer time of its own commits (UTC)';
