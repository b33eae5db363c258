create or replace table attribution.identities as
with addresses as (
    select * from attribution.identity_addresses
),

links as (
    select * from attribution.identity_links
),

components as (
    select from_node as node, component from links
    union
    select to_node, to_component from links
),

first_commits as (
    select repository_id, author_name as name, author_email as email, min(authored_at) as authored_at
    from staging.commits
    group by all
),

placed as (
    select
        addresses.*,
        coalesce(components.component, addresses.node) as component,
        first_commits.authored_at
    from addresses
    left join components using (node)
    left join first_commits using (repository_id, name, email)
),

settings_names as (
    select component, substr(node, len('person ') + 1) as contributor_name
    from components
    where starts_with(node, 'person ')
),

-- named by what does not change when history grows: the settings, else the oldest identity
people as (
    select
        placed.component,
        any_value(settings_names.contributor_name) as contributor_name,
        coalesce(
            'person ' || any_value(settings_names.contributor_name),
            arg_min(placed.node, (placed.authored_at, placed.node)),
            min(placed.node)
        ) as person_node
    from placed
    left join settings_names using (component)
    group by placed.component
),

overridden as (
    select distinct from_node as node from links where rule = 'override' and outcome in ('joined', 'known')
)

select
    placed.repository_id,
    placed.name,
    placed.email,
    placed.mapped_name,
    placed.mapped_email,
    case
        when overridden.node is not null then 'override'
        when noreply.node is not null then 'forge account'
        when placed.mapped_email != placed.own_email then 'mailmap'
        when starts_with(placed.node, 'name ') then 'name and address'
        else 'address'
    end as rule,
    'c' || left(md5(people.person_node), 12) as contributor_id,
    people.contributor_name as settings_name,
    placed.is_agent,
    placed.component
from placed
join people using (component)
left join overridden using (node)
left join attribution.identity_accounts as noreply using (node);

comment on table attribution.identities is 'One row per repository, name and address found in commits.';
comment on column attribution.identities.repository_id is 'name of the repository';
comment on column attribution.identities.name is 'name as recorded';
comment on column attribution.identities.email is 'address as recorded';
comment on column attribution.identities.mapped_name is 'name after .mailmap';
comment on column attribution.identities.mapped_email is 'address after .mailmap, lower case';
comment on column attribution.identities.rule is 'rule that placed it: override, forge account, mailmap, address, or name and address';
comment on column attribution.identities.contributor_id is 'who it is: a digest of the name in the settings, else of the oldest identity';
comment on column attribution.identities.settings_name is 'name from the settings; null without an override';
comment on column attribution.identities.is_agent is 'whether it is a bot or a coding agent, and so no contributor';
comment on column attribution.identities.component is 'smallest node of the person, as in attribution.identity_links';
