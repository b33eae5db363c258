create or replace table raw.commits as
select * from lake_commits
-- two machines may have mined the same commit, into equal rows
qualify row_number() over (partition by repository_id, commit_id order by commit_id) = 1;

comment on table raw.commits is 'One row per commit ever seen on a default branch or in a pull request.';
comment on column raw.commits.repository_id is 'name of the repository';
comment on column raw.commits.commit_id is 'full object id of the commit';
comment on column raw.commits.tree_id is 'object id of its tree';
comment on column raw.commits.parent_ids is 'object ids of its parents, first parent first';
comment on column raw.commits.author_name is 'author name as recorded';
comment on column raw.commits.author_email is 'author address as recorded';
comment on column raw.commits.authored_at is 'author time (UTC); null outside the years 1 to 9999';
comment on column raw.commits.author_utc_offset_minutes is 'author time zone, minutes east of UTC';
comment on column raw.commits.committer_name is 'committer name as recorded';
comment on column raw.commits.committer_email is 'committer address as recorded';
comment on column raw.commits.committed_at is 'committer time (UTC); null outside the years 1 to 9999';
comment on column raw.commits.committer_utc_offset_minutes is 'committer time zone, minutes east of UTC';
comment on column raw.commits.message is 'whole commit message';
