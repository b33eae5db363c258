create or replace table marts.team_pull_requests as
with opened as (
    select
        pulls.repository_id,
        pulls.pull_request_number,
        pulls.contributor_id,
        cast(pulls.opened_at at time zone settings.time_zone as date) as opened_day
    from marts.pull_requests as pulls
    cross join raw.settings
    where not pulls.is_excluded
)

-- a member's on the day that it was opened, since not every one lands
select opened.repository_id, opened.pull_request_number, members.team
from opened
join marts.team_memberships as members
    on members.contributor_id = opened.contributor_id
    and opened.opened_day between members.first_day and members.last_day
union
select opened.repository_id, opened.pull_request_number, owned.team
from opened
join raw.team_repositories as owned using (repository_id);

comment on table marts.team_pull_requests is 'One row per team and pull request of it: opened by somebody who was in it that day, or in a repository of it.';
comment on column marts.team_pull_requests.repository_id is 'name of the repository';
comment on column marts.team_pull_requests.pull_request_number is 'number on the forge';
comment on column marts.team_pull_requests.team is 'name of the team';
