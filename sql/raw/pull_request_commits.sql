create or replace table raw.pull_request_commits as
select * from lake_pull_request_commits;

comment on table raw.pull_request_commits is 'One row per pull request and commit of its own.';
comment on column raw.pull_request_commits.repository_id is 'name of the repository';
comment on column raw.pull_request_commits.number is 'number of the pull request';
comment on column raw.pull_request_commits.commit_id is 'the commit';
