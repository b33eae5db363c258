create or replace table raw.identity_rules as
select * from given_identity_rules;

comment on table raw.identity_rules is 'One row per rule that joins identities to people.';
comment on column raw.identity_rules.rule is 'name of the rule';
comment on column raw.identity_rules.strength is 'place in the order in which rules are applied, from 0';
comment on column raw.identity_rules.is_risky is 'whether it goes by names, and so may join two people';
comment on column raw.identity_rules.is_on is 'whether it is applied, by the settings';
comment on column raw.identity_rules.risk is 'how it can be wrong';
