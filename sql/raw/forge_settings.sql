create or replace table raw.forge_settings as
select * from given_forge_settings;

comment on table raw.forge_settings is 'One row: how files of pull requests are read.';
comment on column raw.forge_settings.counts_other_repositories is 'whether pull requests of repositories that are not in the settings or the call count';
