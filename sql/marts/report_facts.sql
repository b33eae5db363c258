create or replace table marts.report_facts as
with quarters as (
    select * from marts.quarters where scope = 'organisation'
),

baseline as (
    select
        count(*) as baseline_quarters,
        min(quarter) as first_baseline,
        max(quarter) as last_baseline,
        any_value(baseline_kind) as baseline_kind
    from quarters
    where is_baseline
)

select
    settings.organisation,
    cutoff.cutoff_at,
    cutoff.cutoff_day,
    cutoff.started_day,
    (select min(quarter) from quarters) as first_quarter,
    (select max(quarter) from quarters) as last_quarter,
    (select max(quarter) from quarters where not is_partial) as last_whole_quarter,
    baseline.baseline_quarters,
    baseline.baseline_kind,
    case
        when baseline.baseline_quarters = 0 then null
        when baseline.baseline_quarters = 1 then baseline.first_baseline
        else baseline.first_baseline || ' to ' || baseline.last_baseline
    end as baseline_label,
    settings.preset,
    settings.lines_counted,
    settings.counted_unit,
    settings.classes,
    settings.authors,
    settings.cap_pool_days,
    settings.fiscal_year_start,
    settings.agents_since,
    settings.activity_days,
    settings.merge_window_days,
    settings.cap_quantile,
    settings.time_zone,
    (select count(*) from marts.repositories) as repositories,
    (select count(*) from marts.repositories where status = 'stale') as stale_repositories,
    (select count(*) from marts.scope_changes where scope = 'organisation') as landed_changes,
    (
        select cast(coalesce(sum(code_lines), 0) as bigint)
        from marts.scope_changes
        where scope = 'organisation'
    ) as code_lines,
    (select count(*) from marts.contributors where landed_changes > 0) as contributors,
    (select count(*) from marts.pull_requests) as pull_requests,
    settings.quarterdeck_version,
    settings.settings_json
from raw.settings
cross join marts.cutoff
cross join baseline;

comment on table marts.report_facts is 'One row: what the report says about itself.';
comment on column marts.report_facts.organisation is 'name of the organisation';
comment on column marts.report_facts.cutoff_at is 'data cut-off (UTC)';
comment on column marts.report_facts.cutoff_day is 'day of the cut-off';
comment on column marts.report_facts.started_day is 'day of the oldest landed change; null without any';
comment on column marts.report_facts.first_quarter is 'first quarter with a landed change, such as 2021Q1';
comment on column marts.report_facts.last_quarter is 'quarter of the cut-off';
comment on column marts.report_facts.last_whole_quarter is 'last quarter that ended by the cut-off';
comment on column marts.report_facts.baseline_quarters is 'quarters of the baseline (count)';
comment on column marts.report_facts.baseline_kind is 'how the baseline was chosen';
comment on column marts.report_facts.baseline_label is 'the baseline in words, such as 2021Q1 to 2024Q4; null without one';
comment on column marts.report_facts.preset is 'published definition that the multiple follows';
comment on column marts.report_facts.lines_counted is 'lines that the multiple counts: added, added and deleted, or net';
comment on column marts.report_facts.counted_unit is 'what is counted and capped one by one: landed changes or commits';
comment on column marts.report_facts.classes is 'file classes whose lines count';
comment on column marts.report_facts.authors is 'whose work counts: all, without automation, or human';
comment on column marts.report_facts.cap_pool_days is 'days whose changes set the cap of a quarter (count)';
comment on column marts.report_facts.fiscal_year_start is 'month in which the fiscal year starts (1 to 12)';
comment on column marts.report_facts.agents_since is 'day since which a commit without evidence is undeclared';
comment on column marts.report_facts.activity_days is 'activity window (days)';
comment on column marts.report_facts.merge_window_days is 'merge window (days)';
comment on column marts.report_facts.cap_quantile is 'cap quantile of change size; null: no cap';
comment on column marts.report_facts.time_zone is 'time zone of days and quarters';
comment on column marts.report_facts.repositories is 'repositories (count)';
comment on column marts.report_facts.stale_repositories is 'repositories that the last run could not mine (count)';
comment on column marts.report_facts.landed_changes is 'landed changes measured (count): without those excluded or after the cut-off';
comment on column marts.report_facts.code_lines is 'code lines landed, uncapped';
comment on column marts.report_facts.contributors is 'contributors with a landed change (count)';
comment on column marts.report_facts.pull_requests is 'pull requests known (count)';
comment on column marts.report_facts.quarterdeck_version is 'version that built the database';
comment on column marts.report_facts.settings_json is 'all settings, as JSON';
