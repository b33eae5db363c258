create or replace view staging.landings as
select
    repository_id,
    commit_id,
    landed_commit_id,
    commit_id = landed_commit_id as is_landed_change,
    position
from raw.landings;

comment on view staging.landings is 'One row per commit reachable from a default branch.';
comment on column staging.landings.repository_id is 'name of the repository';
comment on column staging.landings.commit_id is 'the commit';
comment on column staging.landings.landed_commit_id is 'landed change that brought it in';
comment on column staging.landings.is_landed_change is 'whether it is that landed change itself';
comment on column staging.landings.position is 'index of the landed change in the first-parent chain';
