create or replace view marts.scope_changes as
select
    scopes.scope,
    scopes.scope_name,
    changes.*
from marts.scopes
join marts.landed_changes as changes
    on scopes.repository_id is null or scopes.repository_id = changes.repository_id
where not changes.is_excluded;

comment on view marts.scope_changes is 'One row per scope and landed change that counts in it: exclusions are left out.';
comment on column marts.scope_changes.scope is 'organisation or repository';
comment on column marts.scope_changes.scope_name is 'name of the organisation or repository';
