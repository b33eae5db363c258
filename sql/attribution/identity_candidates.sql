create or replace table attribution.identity_candidates as
with addresses as (
    select * from attribution.identity_addresses where not is_agent
),

named as (
    -- every name that an address was used with
    select distinct
        addresses.node,
        regexp_extract(addresses.node, '^address ([^@]+)@', 1) as mailbox,
        regexp_extract(addresses.node, '@(.+)$', 1) as mail_domain,
        trim(regexp_replace(lower(strip_accents(nfc_normalize(names.name))), '\s+', ' ', 'g')) as name
    from addresses
    cross join unnest([addresses.name, addresses.mapped_name]) as names (name)
    where starts_with(addresses.node, 'address ')
),

full_names as (
    -- one-word names and placeholders say too little
    select
        named.node,
        named.name,
        named.mailbox,
        named.mail_domain,
        accounts.node is not null as is_noreply,
        accounts.forge,
        regexp_replace(coalesce(accounts.login, named.mailbox), '[^a-z0-9]', '', 'g') as login,
        public_domains.word is not null as is_public
    from named
    left join attribution.identity_accounts as accounts using (node)
    left join raw.shared_words as public_domains
        on public_domains.kind = 'domain'
        and public_domains.word = named.mail_domain
    anti join raw.shared_words as placeholders
        on placeholders.kind = 'name' and placeholders.word = named.name
    where regexp_matches(named.name, '^\S*\pL{2}\S*( .*)? \S*\pL{2}\S*$')
),

found as (
    select 'override' as rule, 'address ' || email as from_node, 'person ' || contributor_name as to_node
    from raw.identity_overrides
    union all
    select 'forge account', node, account_node
    from attribution.identity_accounts
    union all
    select 'mailmap', node, mailmap_node
    from addresses
    where mailmap_node is not null
    union all
    select 'name-domain', one.node, other.node
    from full_names as one
    join full_names as other
        on other.name = one.name
        and other.mail_domain = one.mail_domain
        and other.node > one.node
    where not one.is_noreply
        and not one.is_public
        -- where a company has two people of one name, it numbers their addresses
        and regexp_replace(one.mailbox, '\d+$', '') != regexp_replace(other.mailbox, '\d+$', '')
    union all
    select case when other.is_public then 'name-login-freemail' else 'name-login' end, one.node, other.node
    from full_names as one
    join full_names as other on other.name = one.name and other.login = one.login
    where one.is_noreply
        and len(one.login) >= 3
        and (not other.is_noreply or (other.forge != one.forge and other.node > one.node))
)

select distinct
    rules.strength,
    found.from_node,
    found.to_node,
    found.rule,
    rules.is_risky
from found
join raw.identity_rules as rules on rules.rule = found.rule
where rules.is_on and found.from_node != found.to_node;

comment on table attribution.identity_candidates is 'One row per rule that is on and pair of nodes of which it says that they are one person.';
comment on column attribution.identity_candidates.strength is 'place of the rule in the order in which rules are applied, from 0';
comment on column attribution.identity_candidates.from_node is 'an address';
comment on column attribution.identity_candidates.to_node is 'another address, an account, a login, or a person whom the settings name';
comment on column attribution.identity_candidates.rule is 'the rule';
comment on column attribution.identity_candidates.is_risky is 'whether the rule goes by names';
