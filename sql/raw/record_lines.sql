-- after: raw.commits
-- the texts (lake_records, lake_record_texts) name people, and stay in the lake
create or replace table raw.record_lines as
select * from given_record_lines;

comment on table raw.record_lines is 'One row per record and run of lines that it says something of; where two entries of a record name a line, the later one has it.';
comment on column raw.record_lines.repository_id is 'name of the repository';
comment on column raw.record_lines.ref is 'ref that holds the record; for a trace HEAD and its path';
comment on column raw.record_lines.form is 'note or trace';
comment on column raw.record_lines.blob_id is 'text of the record';
comment on column raw.record_lines.commit_id is 'the commit that a note is about; null for a trace';
comment on column raw.record_lines.parent_id is 'the commit that a trace was written upon; null for a note';
comment on column raw.record_lines.base_id is 'the commit that a note says it was made for: the same, its parent, or where it was copied from; null where it says nothing';
comment on column raw.record_lines.path is 'path of the file';
comment on column raw.record_lines.first_line is 'first line, from 1';
comment on column raw.record_lines.lines is 'length of the run (lines)';
comment on column raw.record_lines.author_class is 'who wrote it, as the record says: model or human';
comment on column raw.record_lines.tool is 'tool that the record names; null where it names none';
comment on column raw.record_lines.model is 'model that the record names; null where it names none';
comment on column raw.record_lines.weight is 'share of these lines that is credited: 0.5 where a person and a model worked on them, else 1';
