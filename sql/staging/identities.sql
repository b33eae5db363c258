create or replace view staging.identities as
select
    repository_id,
    name,
    email,
    mapped_name,
    lower(trim(mapped_email)) as mapped_email
from raw.mailmapped;

comment on view staging.identities is 'One row per repository, name and address found in commits.';
comment on column staging.identities.repository_id is 'name of the repository';
comment on column staging.identities.name is 'name as recorded';
comment on column staging.identities.email is 'address as recorded';
comment on column staging.identities.mapped_name is 'name after .mailmap';
comment on column staging.identities.mapped_email is 'address after .mailmap, lower case';
