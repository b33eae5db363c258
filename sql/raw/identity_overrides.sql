create or replace table raw.identity_overrides as
select * from given_identity_overrides;

comment on table raw.identity_overrides is 'One row per address that the settings give to a contributor.';
comment on column raw.identity_overrides.contributor_name is 'name of the contributor';
comment on column raw.identity_overrides.email is 'address, lower case';
