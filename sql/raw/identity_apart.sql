create or replace table raw.identity_apart as
select * from given_identity_apart;

comment on table raw.identity_apart is 'One row per pair of addresses that the settings keep apart.';
comment on column raw.identity_apart.email is 'an address, lower case';
comment on column raw.identity_apart.other_email is 'the address of somebody else, lower case';
