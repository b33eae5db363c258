-- after: raw.commits
-- the texts (lake_records, lake_record_texts) name people, and stay in the lake
create or replace table raw.checkpoints as
select * from given_checkpoints;

comment on table raw.checkpoints is 'One row per checkpoint of an agent''s session and session in it.';
comment on column raw.checkpoints.repository_id is 'name of the repository';
comment on column raw.checkpoints.checkpoint_id is 'id that a commit''s trailer points to';
comment on column raw.checkpoints.session is 'number of the session in the checkpoint, from 0';
comment on column raw.checkpoints.ref is 'ref that holds it';
comment on column raw.checkpoints.tool is 'tool that the record names; null where it names none';
comment on column raw.checkpoints.model is 'model that the record names; null where it names none';
comment on column raw.checkpoints.share is 'share of the commit''s lines that the agent wrote, as the record says (0 to 1); null where it says nothing';
