create or replace table raw.tip_files as
select * from lake_tip_files;

comment on table raw.tip_files is 'One row per .mailmap or .gitattributes file at the tip of a default branch.';
comment on column raw.tip_files.repository_id is 'name of the repository';
comment on column raw.tip_files.path is 'path of the file';
comment on column raw.tip_files.content is 'its text';
