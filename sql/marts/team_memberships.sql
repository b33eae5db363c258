create or replace table marts.team_memberships as
with spans as (
    select
        members.team,
        matches.contributor_id,
        coalesce(members.first_day, date '0001-01-01') as first_day,
        coalesce(members.last_day, date '9999-12-31') as last_day
    from raw.team_members as members
    join attribution.team_member_matches as matches using (team, member)
    where matches.contributor_id is not null
),

opened as (
    select
        *,
        first_day > coalesce(
            max(last_day) over (
                partition by team, contributor_id
                order by first_day, last_day
                rows between unbounded preceding and 1 preceding
            ) + 1,
            date '-infinity'
        ) as opens
    from spans
),

numbered as (
    select
        *,
        count_if(opens) over (
            partition by team, contributor_id
            order by first_day, last_day
            rows unbounded preceding
        ) as island
    from opened
)

select
    team,
    contributor_id,
    min(first_day) as first_day,
    max(last_day) as last_day
from numbered
group by team, contributor_id, island;

comment on table marts.team_memberships is 'One row per team, contributor and span of days without a break in which the contributor is a member.';
comment on column marts.team_memberships.team is 'name of the team';
comment on column marts.team_memberships.contributor_id is 'the contributor';
comment on column marts.team_memberships.first_day is 'first day as a member; 0001-01-01: since ever';
comment on column marts.team_memberships.last_day is 'last day as a member; 9999-12-31: until today';
