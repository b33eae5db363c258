create or replace table raw.refs as
select * from lake_refs;

comment on table raw.refs is 'One row per ref that leads to a commit.';
comment on column raw.refs.repository_id is 'name of the repository';
comment on column raw.refs.ref is 'full name of the ref';
comment on column raw.refs.commit_id is 'the commit it leads to';
