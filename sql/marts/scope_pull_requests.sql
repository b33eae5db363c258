create or replace table marts.scope_pull_requests as
with opened as (
    select pulls.repository_id, pulls.pull_request_number
    from marts.pull_requests as pulls
    cross join marts.cutoff
    where not pulls.is_excluded and pulls.opened_at <= cutoff.cutoff_at
)

select scopes.scope, scopes.scope_name, opened.repository_id, opened.pull_request_number
from marts.scopes
cross join opened
where scopes.scope = 'organisation'
union all
select scopes.scope, scopes.scope_name, opened.repository_id, opened.pull_request_number
from marts.scopes
join opened on opened.repository_id = scopes.repository_id
union all
select scopes.scope, scopes.scope_name, opened.repository_id, opened.pull_request_number
from opened
left join marts.team_pull_requests as placed using (repository_id, pull_request_number)
join marts.scopes
    on scopes.scope = 'team' and scopes.scope_name = coalesce(placed.team, '(no team)');

comment on table marts.scope_pull_requests is 'One row per scope and pull request that counts in it: opened up to the cut-off and not excluded.';
comment on column marts.scope_pull_requests.scope is 'organisation, repository or team';
comment on column marts.scope_pull_requests.scope_name is 'name of the organisation, repository or team';
comment on column marts.scope_pull_requests.repository_id is 'name of the repository';
comment on column marts.scope_pull_requests.pull_request_number is 'number on the forge';
