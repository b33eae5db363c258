create or replace table raw.file_changes as
select lake_file_changes.*
from lake_file_changes
-- a part counts for the commits whose diff it completes: a killed run leaves none behind
semi join raw.commit_diffs using (repository_id, commit_id, part);

comment on table raw.file_changes is 'One row per commit and changed path, against the first parent.';
comment on column raw.file_changes.repository_id is 'name of the repository';
comment on column raw.file_changes.commit_id is 'the commit';
comment on column raw.file_changes.path is 'path after the change; quoted as git does where it is not UTF-8';
comment on column raw.file_changes.old_path is 'path before a rename; null otherwise';
comment on column raw.file_changes.status is 'git status letter: A, C, D, M, R, T';
comment on column raw.file_changes.old_mode is 'file mode before, octal';
comment on column raw.file_changes.new_mode is 'file mode after, octal; 160000 is a submodule';
comment on column raw.file_changes.old_blob_id is 'object id before; null where the file was not there';
comment on column raw.file_changes.new_blob_id is 'object id after; null where the file is gone';
comment on column raw.file_changes.similarity is 'similarity of a rename (percent)';
comment on column raw.file_changes.added is 'added lines; null for a binary file or a missing blob';
comment on column raw.file_changes.deleted is 'deleted lines; null for a binary file or a missing blob';
comment on column raw.file_changes.is_binary is 'whether git takes the file for binary; null where a blob is missing';
comment on column raw.file_changes.part is 'lake part that the row came from';
