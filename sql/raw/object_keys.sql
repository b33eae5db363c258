create or replace table raw.object_keys as
select * from given_object_keys;

comment on table raw.object_keys is 'One row per table, view and macro of this database: what it is a function of by itself. A later build copies a table if its key and all that it reads are still the same.';
comment on column raw.object_keys.object_name is 'schema and name, with a dot between them';
comment on column raw.object_keys.object_key is 'SHA-256 of this installation, of its definition, and of the parts of the lake, settings and given frames that it reads';
