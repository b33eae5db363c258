create or replace view marts.scopes as
select 'organisation' as scope, organisation as scope_name, null as repository_id from raw.settings
union all
select 'repository', repository_id, repository_id from raw.repositories
union all
select 'team', team, null
from (
    select team from raw.team_members
    union
    select team from raw.team_repositories
    union
    -- what no team holds is shown beside the teams, so that they hide nothing
    select '(no team)'
    where exists (select 1 from raw.team_members) or exists (select 1 from raw.team_repositories)
);

comment on view marts.scopes is 'One row per scope that measures are taken over.';
comment on column marts.scopes.scope is 'organisation, repository or team';
comment on column marts.scopes.scope_name is 'name of the organisation, repository or team; (no team) for what belongs to none';
comment on column marts.scopes.repository_id is 'the repository; null for the organisation, which holds them all, and for teams';
