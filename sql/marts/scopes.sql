create or replace view marts.scopes as
select 'organisation' as scope, organisation as scope_name, null as repository_id from raw.settings
union all
select 'repository', repository_id, repository_id from raw.repositories;

comment on view marts.scopes is 'One row per scope that measures are taken over.';
comment on column marts.scopes.scope is 'organisation or repository';
comment on column marts.scopes.scope_name is 'name of the organisation or repository';
comment on column marts.scopes.repository_id is 'the repository; null for the organisation, which holds them all';
