-- after: attribution.identity_candidates, raw.identity_apart
create or replace table attribution.identity_links as
select
    links.from_node,
    links.to_node,
    links.rule,
    rules.is_risky,
    rules.risk,
    links.outcome,
    links.component,
    links.to_component
from given_identity_links as links
join raw.identity_rules as rules using (rule);

comment on table attribution.identity_links is 'One row per rule and pair of nodes of which it says that they are one person, and what came of it.';
comment on column attribution.identity_links.from_node is 'an address';
comment on column attribution.identity_links.to_node is 'another address, an account, a login, or a person whom the settings name';
comment on column attribution.identity_links.rule is 'the rule';
comment on column attribution.identity_links.is_risky is 'whether the rule goes by names';
comment on column attribution.identity_links.risk is 'how the rule can be wrong';
comment on column attribution.identity_links.outcome is 'joined; known: they were one already; or refused, and why';
comment on column attribution.identity_links.component is 'smallest node of the person at the first end';
comment on column attribution.identity_links.to_component is 'smallest node of the person at the other end; the same unless refused';
