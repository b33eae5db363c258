create or replace table raw.records as
select * from lake_records;

comment on table raw.records is 'One row per record of who wrote which lines, as the refs and the tip hold it; the texts stay in the lake.';
comment on column raw.records.repository_id is 'name of the repository';
comment on column raw.records.ref is 'ref that holds it; HEAD for a file of the tree';
comment on column raw.records.form is 'note, trace or checkpoint';
comment on column raw.records.commit_id is 'the commit that a note is about; null for a trace and a checkpoint';
comment on column raw.records.path is 'path of a trace or a checkpoint in its tree; null for a note';
comment on column raw.records.blob_id is 'its text';
