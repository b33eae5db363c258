create or replace table attribution.identities as
with identities as (
    select * from staging.identities
),

agents as (
    -- an author who is an agent or a bot; a person who drove one stays a person
    select distinct findings.repository_id, commits.author_name as name, commits.author_email as email
    from attribution.findings
    join raw.signals using (signal_id)
    join staging.commits using (repository_id, commit_id)
    where findings.place = 'author' and not signals.is_person
),

addresses as (
    select
        *,
        regexp_extract(
            mapped_email, '^(?:(\d+)\+)?([^@+]+)@users\.noreply\.github\.com$', ['id', 'login']
        ) as noreply
    from identities
),

account_ids as (
    -- accounts were renamed: a login counts as an id only while one id bears it
    select noreply.login as login, any_value(noreply.id) as id
    from addresses
    where noreply.id != ''
    group by noreply.login
    having count(distinct noreply.id) = 1
),

keyed as (
    select
        addresses.repository_id,
        addresses.name,
        addresses.email,
        addresses.mapped_name,
        addresses.mapped_email,
        case
            when coalesce(recorded.contributor_name, mapped.contributor_name) is not null then 'override'
            when noreply.login != '' then 'forge account'
            when mapped_email like '_%@_%.%' then 'address'
            else 'name and address'
        end as rule,
        case rule
            when 'override' then 'person ' || coalesce(recorded.contributor_name, mapped.contributor_name)
            when 'forge account' then 'github ' || coalesce(
                nullif(noreply.id, ''), account_ids.id, 'login ' || noreply.login
            )
            when 'address' then 'address ' || mapped_email
            -- root@localhost and the like belong to many people
            else 'name ' || lower(trim(mapped_name)) || ' ' || mapped_email
        end as contributor_key,
        coalesce(recorded.contributor_name, mapped.contributor_name) as contributor_name
    from addresses
    left join account_ids on account_ids.login = noreply.login
    -- where .mailmap leads to another person than the settings, the settings win
    left join raw.identity_overrides as recorded on recorded.email = lower(trim(addresses.email))
    left join raw.identity_overrides as mapped on mapped.email = addresses.mapped_email
)

select
    keyed.repository_id,
    keyed.name,
    keyed.email,
    keyed.mapped_name,
    keyed.mapped_email,
    keyed.rule,
    'c' || left(md5(keyed.contributor_key), 12) as contributor_id,
    keyed.contributor_name as settings_name,
    agents.name is not null as is_agent
from keyed
left join agents using (repository_id, name, email);

comment on table attribution.identities is 'One row per repository, name and address found in commits.';
comment on column attribution.identities.repository_id is 'name of the repository';
comment on column attribution.identities.name is 'name as recorded';
comment on column attribution.identities.email is 'address as recorded';
comment on column attribution.identities.mapped_name is 'name after .mailmap';
comment on column attribution.identities.mapped_email is 'address after .mailmap, lower case';
comment on column attribution.identities.rule is 'rule that resolved it: override, forge account, address, or name and address';
comment on column attribution.identities.contributor_id is 'who it is: a digest of the override, account or address';
comment on column attribution.identities.settings_name is 'name from the settings; null without an override';
comment on column attribution.identities.is_agent is 'whether it is a bot or a coding agent, and so no contributor';
