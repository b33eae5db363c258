create or replace table raw.line_changes as
with passes as (
    select distinct repository_id, first_commit_id from raw.line_runs
)

-- a pass that knew less of the past (a shallow clone that was deepened since) does not count
select lake_line_changes.*
from lake_line_changes
semi join passes using (repository_id, first_commit_id)
-- followed by two machines, again after a kill, or again when missing blobs had come
qualify
    row_number() over (partition by repository_id, commit_id order by missing_files, part) = 1;

comment on table raw.line_changes is 'One row per landed change whose lines were followed up to the tip, or up to where a force push left it.';
comment on column raw.line_changes.repository_id is 'name of the repository';
comment on column raw.line_changes.commit_id is 'the landed change';
comment on column raw.line_changes.first_commit_id is 'where the history known to the pass began';
comment on column raw.line_changes.added is 'added lines';
comment on column raw.line_changes.deleted is 'deleted lines';
comment on column raw.line_changes.moved is 'of both of these: lines that only moved';
comment on column raw.line_changes.respaced is 'of both of these: lines that differ in white space alone';
comment on column raw.line_changes.binary is 'lines of files that became binary';
comment on column raw.line_changes.lost is 'lines of files whose blob is missing from here on';
comment on column raw.line_changes.alive is 'lines of all text files after the change';
comment on column raw.line_changes.missing_files is 'changed files of which a blob is missing, in all changes of the pass so far (count)';
comment on column raw.line_changes.part is 'lake part that the row came from';
