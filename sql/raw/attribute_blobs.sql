create or replace table raw.attribute_blobs as
select
    repository_id,
    blob_id,
    -- two machines that mined the same blob read the same
    any_value(content) as content
from lake_attribute_blobs
group by repository_id, blob_id;

comment on table raw.attribute_blobs is 'One row per repository and version of a .gitattributes file that a diff shows.';
comment on column raw.attribute_blobs.repository_id is 'name of the repository';
comment on column raw.attribute_blobs.blob_id is 'object id of the version';
comment on column raw.attribute_blobs.content is 'its text; null where it is too big to be read';
