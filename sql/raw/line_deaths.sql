create or replace table raw.line_deaths as
select lake_line_deaths.*
from lake_line_deaths
-- of several parts that hold one change exactly one counts
semi join raw.line_changes as changes
    on changes.repository_id = lake_line_deaths.repository_id
    and changes.commit_id = lake_line_deaths.death_commit_id
    and changes.part = lake_line_deaths.part;

comment on table raw.line_deaths is 'One row per death change, birth, origin and fate: lines that ended together.';
comment on column raw.line_deaths.repository_id is 'name of the repository';
comment on column raw.line_deaths.death_commit_id is 'landed change that ended the lines';
comment on column raw.line_deaths.birth_commit_id is 'landed change whose diff added them; null where it is not known';
comment on column raw.line_deaths.birth_path is 'their file at birth';
comment on column raw.line_deaths.origin_commit_id is 'the same, followed back through moves and re-spacing';
comment on column raw.line_deaths.origin_path is 'their file then';
comment on column raw.line_deaths.fate is 'deleted; moved or respaced: they live on under their origin; binary: their file became binary; lost: their blob is missing from here on';
comment on column raw.line_deaths.lines is 'lines (count)';
comment on column raw.line_deaths.part is 'lake part that the row came from';
