create or replace table attribution.identity_accounts as
with addresses as (
    select distinct node, substr(node, len('address ') + 1) as email
    from (
        select node from attribution.identity_addresses where not is_agent
        union
        select mailmap_node from attribution.identity_addresses where not is_agent
        union
        select 'address ' || email from raw.identity_overrides
    ) as nodes (node)
    where starts_with(node, 'address ')
),

-- GitHub: ID+login@users.noreply.github.com, once login@users.noreply.github.com; GitLab:
-- ID-login@users.noreply.HOST; Gitea, Forgejo and Codeberg: login@noreply.HOST
parsed as (
    select
        *,
        regexp_extract(
            email,
            '^(?:(\d+)\+)?([^@+]+)@(users\.noreply|noreply)\.([a-z0-9.-]+\.[a-z]+)$',
            ['id', 'login', 'kind', 'host']
        ) as found
    from addresses
),

hosts as (
    -- a login may begin with digits and a hyphen where the forge writes ID+login
    select found.host as host, bool_or(found.id != '') as has_plus
    from parsed
    where found.host != ''
    group by found.host
),

split as (
    select
        parsed.node,
        found.host as forge,
        found.kind = 'users.noreply'
            and found.host != 'github.com'
            and not hosts.has_plus
            and regexp_matches(found.login, '^\d+-.') as is_gitlab,
        case
            when is_gitlab then regexp_extract(found.login, '^(\d+)-', 1)
            else nullif(found.id, '')
        end as account_id,
        case when is_gitlab then regexp_replace(found.login, '^\d+-', '') else found.login end as login
    from parsed
    join hosts on hosts.host = found.host
),

owners as (
    -- accounts were renamed: a login counts as an id only while one id bears it
    select forge, login, any_value(account_id) as account_id
    from split
    where account_id is not null
    group by forge, login
    having count(distinct account_id) = 1
)

select
    split.node,
    split.forge,
    split.login,
    coalesce(split.account_id, owners.account_id) as account_id,
    case
        when coalesce(split.account_id, owners.account_id) is not null
            then 'account ' || split.forge || ' ' || coalesce(split.account_id, owners.account_id)
        else 'login ' || split.forge || ' ' || split.login
    end as account_node
from split
left join owners on owners.forge = split.forge and owners.login = split.login;

comment on table attribution.identity_accounts is 'One row per address that a forge gives to hide the real one.';
comment on column attribution.identity_accounts.node is 'the address';
comment on column attribution.identity_accounts.forge is 'host of the forge';
comment on column attribution.identity_accounts.login is 'login in the address';
comment on column attribution.identity_accounts.account_id is 'number of the account; null where the address has none and no one account bears the login';
comment on column attribution.identity_accounts.account_node is 'the account, else the login';
