create or replace table raw.tier_thresholds as
select * from given_tier_thresholds;

comment on table raw.tier_thresholds is 'One row per level of open-endedness above trivial: what a pull request must exceed to be of it.';
comment on column raw.tier_thresholds.level is '1 routine, 2 substantial, 3 open-ended';
comment on column raw.tier_thresholds.lines is 'added and deleted code lines (count)';
comment on column raw.tier_thresholds.files is 'code files (count)';
comment on column raw.tier_thresholds.directories is 'folders that hold them (count)';
