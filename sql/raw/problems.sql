create or replace table raw.problems as
select * from lake_problems;

comment on table raw.problems is 'One row per commit that could not be read or diffed, or only in part.';
comment on column raw.problems.repository_id is 'name of the repository';
comment on column raw.problems.commit_id is 'the commit';
comment on column raw.problems.problem is 'what git or libgit2 said';
