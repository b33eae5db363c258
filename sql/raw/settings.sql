create or replace table raw.settings as
select * from given_settings;

comment on table raw.settings is 'One row: the settings that the database was built with.';
comment on column raw.settings.organisation is 'name of the organisation';
comment on column raw.settings.agents_since is 'day since which a commit without evidence is undeclared; before it, human';
comment on column raw.settings.baseline is 'the baseline setting: a range of quarters, auto, or default';
comment on column raw.settings.baseline_from is 'first day of the baseline range; null for auto';
comment on column raw.settings.baseline_to is 'last day of the baseline range; null for auto';
comment on column raw.settings.baseline_min_quarters is 'whole quarters with activity that a baseline needs (count)';
comment on column raw.settings.fiscal_year_start is 'month in which the fiscal year starts (1 to 12); 1: quarters are those of the calendar';
comment on column raw.settings.preset is 'name of the published definition that the multiple follows, as far as the settings do not choose otherwise';
comment on column raw.settings.lines_counted is 'lines that the multiple counts: added, added and deleted, or net';
comment on column raw.settings.counted_unit is 'what is counted and capped one by one: landed changes or commits';
comment on column raw.settings.classes is 'file classes whose lines count';
comment on column raw.settings.authors is 'whose work counts: all, without automation, or human';
comment on column raw.settings.cap_quantile is 'each change is capped at this quantile of change size; null: no cap';
comment on column raw.settings.cap_pool_days is 'days up to the last day measured whose changes set the cap of a quarter (count)';
comment on column raw.settings.cap_min_pool is 'changes that a pool needs before it sets a cap (count)';
comment on column raw.settings.activity_days is 'days for which a landed change makes its author an active contributor';
comment on column raw.settings.merge_window_days is 'days within which a pull request must be merged to count as a success';
comment on column raw.settings.time_zone is 'IANA time zone of days and quarters';
comment on column raw.settings.cutoff_at is 'data cut-off from the settings (UTC); null: the newest commit';
comment on column raw.settings.quarterdeck_version is 'version that built the database';
comment on column raw.settings.settings_json is 'all settings, as JSON, without secrets';
comment on column raw.settings.input_digest is 'digest of everything that the database is a function of';
