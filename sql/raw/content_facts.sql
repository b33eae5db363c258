create or replace table raw.content_facts as
select distinct on (repository_id, blob_id) *
from lake_content_facts
order by repository_id, blob_id;

comment on table raw.content_facts is 'One row per repository and blob that was read for signs of generated code: the newest version of each path whose name says source or test.';
comment on column raw.content_facts.repository_id is 'name of the repository';
comment on column raw.content_facts.blob_id is 'object id of the version';
comment on column raw.content_facts.size_bytes is 'size (bytes)';
comment on column raw.content_facts.lines is 'lines (count); null where it is too big to be read';
comment on column raw.content_facts.longest_line is 'length of the longest line (bytes); null where it is too big to be read';
comment on column raw.content_facts.header_lines is 'lines before the first that is no comment, of its first hundred (count); null where it is too big to be read';
comment on column raw.content_facts.marker_lines is 'lines near its ends that may say who wrote it, by line number from 1; null where it is too big to be read';
