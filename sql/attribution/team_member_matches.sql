create or replace table attribution.team_member_matches as
with known as (
    -- every name and address that a contributor is known by
    select distinct
        contributor_id,
        unnest([
            lower(trim(name)), lower(trim(mapped_name)), lower(trim(settings_name)),
            lower(trim(email)), mapped_email
        ]) as known_as
    from attribution.identities
    where not is_agent
),

members as (
    select distinct team, member, lower(trim(member)) as known_as
    from raw.team_members
)

select
    members.team,
    members.member,
    count(known.contributor_id) as contributors,
    case when count(known.contributor_id) = 1 then any_value(known.contributor_id) end as contributor_id
from members
left join known using (known_as)
group by members.team, members.member;

comment on table attribution.team_member_matches is 'One row per team and member in the settings: the contributor who is meant.';
comment on column attribution.team_member_matches.team is 'name of the team';
comment on column attribution.team_member_matches.member is 'name or address of the member, as the settings have it';
comment on column attribution.team_member_matches.contributors is 'contributors known by that name or address (count)';
comment on column attribution.team_member_matches.contributor_id is 'the contributor; null where there is none, or more than one';
