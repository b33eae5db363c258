create or replace view staging.line_lives as
with ended as (
    select deaths.*
    from raw.line_deaths as deaths
    -- a force push leaves deaths behind that never came about
    semi join staging.line_changes as changes
        on changes.repository_id = deaths.repository_id
        and changes.commit_id = deaths.death_commit_id
)

select
    repository_id,
    birth_commit_id,
    birth_path,
    origin_commit_id,
    origin_path,
    death_commit_id,
    fate,
    cast(sum(lines) as bigint) as lines
from ended
group by all
union all
select
    repository_id,
    birth_commit_id,
    birth_path,
    origin_commit_id,
    origin_path,
    null as death_commit_id,
    'alive' as fate,
    cast(sum(lines) as bigint) as lines
from raw.line_runs
where lines > 0
group by all;

comment on view staging.line_lives is 'One row per birth, origin, death change and fate of lines: all lines that ever were on a default branch whose lines were followed.';
comment on column staging.line_lives.repository_id is 'name of the repository';
comment on column staging.line_lives.birth_commit_id is 'landed change whose diff added the lines; null where it is not known';
comment on column staging.line_lives.birth_path is 'their file at birth';
comment on column staging.line_lives.origin_commit_id is 'the same, followed back through moves and re-spacing';
comment on column staging.line_lives.origin_path is 'their file then';
comment on column staging.line_lives.death_commit_id is 'landed change that ended them; null for alive';
comment on column staging.line_lives.fate is 'deleted, moved, respaced, binary, lost or alive; moved and respaced end a birth but not an origin';
comment on column staging.line_lives.lines is 'lines (count)';
