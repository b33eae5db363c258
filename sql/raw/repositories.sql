create or replace table raw.repositories as
select * from lake_repositories;

comment on table raw.repositories is 'One row per repository.';
comment on column raw.repositories.repository_id is 'name of the repository';
comment on column raw.repositories.path is 'where it was read';
comment on column raw.repositories.remote_url is 'URL of its origin, without credentials';
comment on column raw.repositories.default_branch is 'short name of the default branch';
comment on column raw.repositories.tip_commit_id is 'commit at its tip';
comment on column raw.repositories.root_commit_id is 'oldest landed change';
comment on column raw.repositories.is_shallow is 'whether it is a shallow clone';
comment on column raw.repositories.is_bare is 'whether it has no checkout';
comment on column raw.repositories.mined_at is 'when it was last found to have changed and was mined (UTC)';
comment on column raw.repositories.fingerprint is 'digest of its refs';
