create or replace table raw.team_members as
select * from given_team_members;

comment on table raw.team_members is 'One row per team, member and span of days in the settings.';
comment on column raw.team_members.team is 'name of the team';
comment on column raw.team_members.member is 'name or address of the member, as the settings have it';
comment on column raw.team_members.first_day is 'first day in the team; null: since ever';
comment on column raw.team_members.last_day is 'last day in the team; null: until today';
