-- after: raw.file_changes, raw.tip_files
create or replace table raw.file_classes as
select * from given_file_classes;

comment on table raw.file_classes is 'One row per repository and path ever changed.';
comment on column raw.file_classes.repository_id is 'name of the repository';
comment on column raw.file_classes.path is 'the path';
comment on column raw.file_classes.class is 'source, test, docs, config, data, generated, vendored, lockfile or binary';
comment on column raw.file_classes.language is 'language by name or ending; null where unknown';
comment on column raw.file_classes.rule is 'rule that decided the class';
