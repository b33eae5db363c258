-- after: raw.commits, raw.tip_files
create or replace table raw.mailmapped as
select * from given_mailmapped;

comment on table raw.mailmapped is 'One row per repository, name and address found in commits.';
comment on column raw.mailmapped.repository_id is 'name of the repository';
comment on column raw.mailmapped.name is 'name as recorded';
comment on column raw.mailmapped.email is 'address as recorded';
comment on column raw.mailmapped.mapped_name is 'name after .mailmap';
comment on column raw.mailmapped.mapped_email is 'address after .mailmap';
