-- after: marts.bars, marts.quarters, marts.change_units, marts.contributor_activity,
-- raw.settings (cap_quantile, cap_min_pool, cap_pool_days, baseline_min_quarters)
create or replace table marts.fixed_set_multiples as
select * from given_fixed_set_multiples;

comment on table marts.fixed_set_multiples is 'One row per scope, kind of set and quarter: the shipped-code multiple over those contributors or repositories alone that are in the baseline and in the quarter.';
comment on column marts.fixed_set_multiples.scope is 'organisation, repository or team';
comment on column marts.fixed_set_multiples.scope_name is 'name of the organisation, repository or team';
comment on column marts.fixed_set_multiples.group_kind is 'contributors (active in the baseline and in the quarter), or repositories (landing in both; organisation only)';
comment on column marts.fixed_set_multiples.quarter_start is 'first day of the quarter';
comment on column marts.fixed_set_multiples.members is 'contributors or repositories in the set (count)';
comment on column marts.fixed_set_multiples.contributors is 'contributors active in the set, in the baseline or in the quarter (count)';
comment on column marts.fixed_set_multiples.bar is 'capped lines of the set per active contributor of the set and day, mean over days; the cap is that of all changes';
comment on column marts.fixed_set_multiples.baseline_bar is 'mean of the same over the baseline quarters';
comment on column marts.fixed_set_multiples.multiple is 'bar over baseline bar; null where there is none, see reason';
comment on column marts.fixed_set_multiples.multiple_low is 'lower end of the 95% cluster percentile interval';
comment on column marts.fixed_set_multiples.multiple_high is 'upper end of that interval';
comment on column marts.fixed_set_multiples.reason is 'why the multiple or its interval is missing; null where nothing is';
