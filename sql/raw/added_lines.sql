create or replace table raw.added_lines as
-- mined by two machines, it may stand there twice
select distinct * from lake_added_lines;

comment on table raw.added_lines is 'One row per run of lines that a commit added against its first parent; only of commits that a record of authorship is about.';
comment on column raw.added_lines.repository_id is 'name of the repository';
comment on column raw.added_lines.commit_id is 'the commit';
comment on column raw.added_lines.path is 'path after the commit; null in the one row of a commit that added no line';
comment on column raw.added_lines.first_line is 'first line of the run in the file after the commit, from 1';
comment on column raw.added_lines.lines is 'length of the run (lines)';
