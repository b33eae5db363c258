create or replace table raw.commit_diffs as
select * from lake_commit_diffs
-- mined by two machines, or again when missing blobs had come: the most complete diff counts
qualify
    row_number() over (partition by repository_id, commit_id order by missing_files, part) = 1;

comment on table raw.commit_diffs is 'One row per commit whose diff against its first parent was taken.';
comment on column raw.commit_diffs.repository_id is 'name of the repository';
comment on column raw.commit_diffs.commit_id is 'the commit';
comment on column raw.commit_diffs.parent_id is 'its first parent; null for a root commit';
comment on column raw.commit_diffs.files is 'changed files (count)';
comment on column raw.commit_diffs.added is 'added lines in files whose counts are known';
comment on column raw.commit_diffs.deleted is 'deleted lines in files whose counts are known';
comment on column raw.commit_diffs.missing_files is 'changed files without line counts because a blob is missing (count)';
comment on column raw.commit_diffs.part is 'lake part that the diff came from';
