create or replace table raw.line_runs as
select lake_line_runs.*
from lake_line_runs
-- an older checkpoint says nothing of what is alive now
semi join raw.repositories as repositories
    on repositories.repository_id = lake_line_runs.repository_id
    and repositories.tip_commit_id = lake_line_runs.commit_id;

comment on table raw.line_runs is 'One row per run of consecutive lines with one birth at the tip of a default branch; a tree without files has one row without a path.';
comment on column raw.line_runs.repository_id is 'name of the repository';
comment on column raw.line_runs.commit_id is 'the landed change at the tip';
comment on column raw.line_runs.first_commit_id is 'where the history known to the pass began';
comment on column raw.line_runs.missing_files is 'changed files of which a blob is missing, in all changes of the pass (count)';
comment on column raw.line_runs.path is 'the file';
comment on column raw.line_runs.first_line is 'number of its first line, from 1';
comment on column raw.line_runs.lines is 'lines (count); null: a binary file, or its blob is missing';
comment on column raw.line_runs.birth_commit_id is 'landed change whose diff added the lines; null where it is not known';
comment on column raw.line_runs.birth_path is 'their file at birth';
comment on column raw.line_runs.origin_commit_id is 'the same, followed back through moves and re-spacing';
comment on column raw.line_runs.origin_path is 'their file then';
