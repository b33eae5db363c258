create or replace table raw.team_repositories as
select * from given_team_repositories;

comment on table raw.team_repositories is 'One row per team and repository that the settings give to it.';
comment on column raw.team_repositories.team is 'name of the team';
comment on column raw.team_repositories.repository_id is 'name of the repository';
