create or replace table marts.change_teams as
with changes as (
    select repository_id, commit_id, contributor_id, landed_day
    from marts.landed_changes
    semi join marts.scopes as teams on teams.scope = 'team'
),

belonging as (
    -- union: who works in a repository of the own team counts once
    select changes.repository_id, changes.commit_id, members.team
    from changes
    join marts.team_memberships as members
        on members.contributor_id = changes.contributor_id
        and changes.landed_day between members.first_day and members.last_day
    union
    select changes.repository_id, changes.commit_id, owned.team
    from changes
    join raw.team_repositories as owned using (repository_id)
)

select repository_id, commit_id, team from belonging
union all
select repository_id, commit_id, '(no team)'
from changes
anti join belonging using (repository_id, commit_id);

comment on table marts.change_teams is 'One row per landed change and team that it belongs to: its contributor is a member on the day that it landed, or its repository is the team''s.';
comment on column marts.change_teams.repository_id is 'name of the repository';
comment on column marts.change_teams.commit_id is 'the commit';
comment on column marts.change_teams.team is 'name of the team; (no team) for a change of none';
