-- after: raw.file_changes, raw.landings, raw.attribute_versions, raw.content_facts
create or replace table raw.file_classes as
select * from given_file_classes;

comment on table raw.file_classes is 'One row per repository, path ever changed and position on the default branch from which on .gitattributes gives it this class.';
comment on column raw.file_classes.repository_id is 'name of the repository';
comment on column raw.file_classes.path is 'the path';
comment on column raw.file_classes.class is 'source, test, docs, config, data, generated, vendored, lockfile or binary';
comment on column raw.file_classes.language is 'language by name or ending; null where unknown';
comment on column raw.file_classes.rule is 'rule that decided the class';
comment on column raw.file_classes.from_position is 'position of the first landed change that it holds for; 0 is the oldest';
comment on column raw.file_classes.until_position is 'position of the first landed change that it no longer holds for; null where it holds to the tip';
