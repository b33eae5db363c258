create or replace table raw.repository_settings as
select * from given_repository_settings;

comment on table raw.repository_settings is 'One row per repository in the settings or the call.';
comment on column raw.repository_settings.repository_id is 'name of the repository';
comment on column raw.repository_settings.team is 'team that owns it; null where none is set';
comment on column raw.repository_settings.problem is 'why it could not be mined in the last run; null where it was';
