create or replace table raw.landings as
select * from lake_landings;

comment on table raw.landings is 'One row per commit reachable from a default branch.';
comment on column raw.landings.repository_id is 'name of the repository';
comment on column raw.landings.commit_id is 'the commit';
comment on column raw.landings.landed_commit_id is 'the landed change that brought it in; itself for a landed change';
comment on column raw.landings.position is 'index of the landed change in the first-parent chain; 0 is the oldest';
