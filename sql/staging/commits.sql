create or replace view staging.commits as
select
    repository_id,
    commit_id,
    len(parent_ids) as parent_count,
    parent_ids[1] as first_parent_id,
    author_name,
    author_email,
    authored_at,
    committer_name,
    committer_email,
    committed_at,
    split_part(ltrim(message, chr(10)), chr(10), 1) as subject,
    message
from raw.commits;

comment on view staging.commits is 'One row per commit.';
comment on column staging.commits.repository_id is 'name of the repository';
comment on column staging.commits.commit_id is 'the commit';
comment on column staging.commits.parent_count is 'parents (count)';
comment on column staging.commits.first_parent_id is 'its first parent; null for a root commit';
comment on column staging.commits.author_name is 'author name as recorded';
comment on column staging.commits.author_email is 'author address as recorded';
comment on column staging.commits.authored_at is 'author time (UTC)';
comment on column staging.commits.committer_name is 'committer name as recorded';
comment on column staging.commits.committer_email is 'committer address as recorded';
comment on column staging.commits.committed_at is 'committer time (UTC)';
comment on column staging.commits.subject is 'first line of the message';
comment on column staging.commits.message is 'whole message';
