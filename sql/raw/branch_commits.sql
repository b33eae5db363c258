create or replace table raw.branch_commits as
select * from lake_branch_commits;

comment on table raw.branch_commits is 'One row per branch beside the default one and commit that the default branch lacks; not of branches with more than 250 such commits.';
comment on column raw.branch_commits.repository_id is 'name of the repository';
comment on column raw.branch_commits.branch is 'name of the branch, without that of a remote';
comment on column raw.branch_commits.commit_id is 'the commit';
