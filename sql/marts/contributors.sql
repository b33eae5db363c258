create or replace table marts.contributors as
with identities as (
    select * from attribution.identities where not is_agent
),

names as (
    select contributor_id, arg_max(mapped_name, (commits, mapped_name)) as name
    from (
        select identities.contributor_id, identities.mapped_name, count(*) as commits
        from identities
        join staging.commits
            on commits.repository_id = identities.repository_id
            and commits.author_name = identities.name
            and commits.author_email = identities.email
        group by all
    )
    group by contributor_id
),

links as (
    select component, list(distinct rule) as rules
    from attribution.identity_links
    where outcome = 'joined'
    group by component
),

changes as (
    select
        contributor_id,
        min(landed_at) as first_landed_at,
        max(landed_at) as last_landed_at,
        count(*) as landed_changes
    from marts.landed_changes
    where contributor_id is not null
    group by contributor_id
)

select
    identities.contributor_id,
    coalesce(any_value(identities.settings_name), any_value(names.name)) as name,
    list_sort(list_distinct(list(identities.mapped_email))) as emails,
    list_sort(list_distinct(
        list(identities.rule) || coalesce(any_value(links.rules), [])
    )) as rules,
    count(distinct lower(trim(identities.email))) as addresses,
    any_value(changes.first_landed_at) as first_landed_at,
    any_value(changes.last_landed_at) as last_landed_at,
    coalesce(any_value(changes.landed_changes), 0) as landed_changes
from identities
left join links using (component)
left join names using (contributor_id)
left join changes using (contributor_id)
group by identities.contributor_id;

comment on table marts.contributors is 'One row per contributor: a human after identity resolution. For tracing who is who, never for ranking.';
comment on column marts.contributors.contributor_id is 'the contributor';
comment on column marts.contributors.name is 'name from the settings, else the one on most commits';
comment on column marts.contributors.emails is 'addresses after .mailmap';
comment on column marts.contributors.rules is 'rules that resolved the addresses and joined them';
comment on column marts.contributors.addresses is 'addresses as recorded (count)';
comment on column marts.contributors.first_landed_at is 'first landed change that is mostly theirs (UTC); null without one';
comment on column marts.contributors.last_landed_at is 'last landed change that is mostly theirs (UTC); null without one';
comment on column marts.contributors.landed_changes is 'landed changes that are mostly theirs (count)';
