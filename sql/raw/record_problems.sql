-- after: raw.commits
-- the texts (lake_records, lake_record_texts) name people, and stay in the lake
create or replace table raw.record_problems as
select * from given_record_problems;

comment on table raw.record_problems is 'One row per record of who wrote which lines and problem in reading it; what could be read counts.';
comment on column raw.record_problems.repository_id is 'name of the repository';
comment on column raw.record_problems.ref is 'ref that holds the record';
comment on column raw.record_problems.commit_id is 'the commit that it is about; null for a trace and a checkpoint';
comment on column raw.record_problems.path is 'path of a trace or a checkpoint in its tree; null for a note';
comment on column raw.record_problems.blob_id is 'text of the record';
comment on column raw.record_problems.problem is 'what cannot be read';
