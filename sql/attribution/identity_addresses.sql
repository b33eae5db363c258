create or replace table attribution.identity_addresses as
with agents as (
    -- an author who is an agent or a bot; a person who drove one stays a person
    select distinct findings.repository_id, commits.author_name as name, commits.author_email as email
    from attribution.findings
    join raw.signals using (signal_id)
    join staging.commits using (repository_id, commit_id)
    where findings.place = 'author' and not signals.is_person
),

identities as (
    select
        identities.*,
        lower(trim(identities.email)) as own_email,
        agents.name is not null as is_agent
    from staging.identities
    left join agents using (repository_id, name, email)
),

-- A mailmap may give one address to several people, by their names; and two repositories may
-- give it to two. Then the address itself is nobody's, and each identity goes where it is mapped.
-- A repository without a line on it says nothing.
spoken as (
    select
        identities.own_email,
        list_sort(list_distinct(list(identities.mapped_email))) as mapped_emails
    from identities
    semi join (
        select repository_id, own_email
        from identities
        where mapped_email != own_email and not is_agent
    ) as mapped using (repository_id, own_email)
    where not identities.is_agent
    group by identities.own_email
),

resolved as (
    select
        identities.*,
        case when len(spoken.mapped_emails) = 1 then spoken.mapped_emails[1] end as sole_email,
        coalesce(len(spoken.mapped_emails) > 1, false) as is_ambiguous
    from identities
    left join spoken using (own_email)
),

-- root@localhost and the like belong to many people
personal as (
    select
        own_email as email,
        own_email like '_%@_%.%'
            and not regexp_matches(own_email, '\s')
            and not regexp_matches(
                own_email,
                '^(root|nobody|noreply|no-reply|none)@'
                || '|@(.+\.)?(localhost|local|localdomain|internal|lan|invalid|\(none\))$'
                || '|\.\(none\)$'
                || '|^(you|your|user|username|email|me|test|your[._-]?(name|email))@'
                || '(.+\.)?(example\.(com|org|net)|domain\.com|email\.com)$'
            ) as is_personal
    from (
        select own_email from identities
        union
        select mapped_email from identities
    ) as emails (own_email)
),

-- what the settings say of an address goes before where it is mapped
chosen as (
    select email from raw.identity_overrides
    union
    select unnest([email, other_email]) from raw.identity_apart
),

started as (
    select
        resolved.*,
        chosen.email is not null or (coalesce(own.is_personal, false) and not is_ambiguous) as is_own,
        case when is_own then own_email else mapped_email end as start_email,
        case when is_own then name else mapped_name end as start_name,
        is_own or coalesce(mapped.is_personal, false) as is_personal
    from resolved
    left join chosen on chosen.email = resolved.own_email
    left join personal as own on own.email = resolved.own_email
    left join personal as mapped on mapped.email = resolved.mapped_email
)

select
    repository_id,
    name,
    email,
    mapped_name,
    mapped_email,
    own_email,
    is_agent,
    is_ambiguous,
    case when is_own and sole_email != own_email then 'address ' || sole_email end as mailmap_node,
    case
        when is_agent then 'agent ' || name || ' ' || own_email
        when is_personal then 'address ' || start_email
        else 'name ' || lower(trim(start_name)) || ' ' || start_email
    end as node
from started;

comment on table attribution.identity_addresses is 'One row per repository, name and address found in commits: where its resolution begins.';
comment on column attribution.identity_addresses.repository_id is 'name of the repository';
comment on column attribution.identity_addresses.name is 'name as recorded';
comment on column attribution.identity_addresses.email is 'address as recorded';
comment on column attribution.identity_addresses.mapped_name is 'name after .mailmap';
comment on column attribution.identity_addresses.mapped_email is 'address after .mailmap, lower case';
comment on column attribution.identity_addresses.own_email is 'address as recorded, lower case';
comment on column attribution.identity_addresses.is_agent is 'whether it is a bot or a coding agent, and so no contributor';
comment on column attribution.identity_addresses.is_ambiguous is 'whether mailmaps give the address to several people';
comment on column attribution.identity_addresses.mailmap_node is 'node of the address that every mailmap gives instead; null where none does';
comment on column attribution.identity_addresses.node is 'where it begins: an address, or name and address where the address is nobody''s own';
