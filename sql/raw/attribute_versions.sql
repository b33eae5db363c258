create or replace table raw.attribute_versions as
with landed as (
    select repository_id, commit_id, position
    from raw.landings
    where commit_id = landed_commit_id
),

touched as (
    select
        changes.repository_id,
        changes.path,
        landed.position as from_position,
        -- git reads no symbolic link as attributes
        case when changes.new_mode like '100%' then changes.new_blob_id end as blob_id,
        case when changes.old_path is null and changes.old_mode like '100%' then changes.old_blob_id end as blob_id_before
    from raw.file_changes as changes
    join landed using (repository_id, commit_id)
    where changes.path = '.gitattributes' or ends_with(changes.path, '/.gitattributes')
    union all
    select
        changes.repository_id,
        changes.old_path,
        landed.position,
        null,
        case when changes.old_mode like '100%' then changes.old_blob_id end
    from raw.file_changes as changes
    join landed using (repository_id, commit_id)
    where changes.status = 'R'
        and (changes.old_path = '.gitattributes' or ends_with(changes.old_path, '/.gitattributes'))
),

versions as (
    select repository_id, path, from_position, blob_id from touched
    union all
    -- what stood there before the first diff that is known, as in a shallow clone
    select repository_id, path, 0, arg_min(blob_id_before, from_position)
    from touched
    group by repository_id, path
    having min(from_position) > 0 and arg_min(coalesce(blob_id_before, ''), from_position) != ''
)

select
    versions.repository_id,
    versions.path,
    versions.from_position,
    versions.blob_id,
    case when versions.blob_id is null then '' else blobs.content end as content
from versions
left join raw.attribute_blobs as blobs using (repository_id, blob_id)
union all
select repository_id, path, 0, null, content
from raw.tip_files
anti join touched using (repository_id, path)
where path = '.gitattributes' or ends_with(path, '/.gitattributes');

comment on table raw.attribute_versions is 'One row per repository, .gitattributes file and landed change from which on it had another content.';
comment on column raw.attribute_versions.repository_id is 'name of the repository';
comment on column raw.attribute_versions.path is 'path of the file';
comment on column raw.attribute_versions.from_position is 'position of the landed change on the default branch; 0 is the oldest';
comment on column raw.attribute_versions.blob_id is 'object id of the version; null where the file is gone, or known from the tip alone';
comment on column raw.attribute_versions.content is 'its text; empty where the file is gone, null where the blob is missing or too big';
