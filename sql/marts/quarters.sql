create or replace table marts.quarters as
with cutoff as (
    select * from marts.cutoff
),

landed as (
    select scope, scope_name, min(landed_day) as started_day
    from marts.scope_changes
    group by scope, scope_name
),

-- without any clone, files of pull requests are all there is
told as (
    select
        'organisation' as scope,
        settings.organisation as scope_name,
        min(cast(pulls.opened_at at time zone settings.time_zone as date)) as started_day
    from marts.pull_requests as pulls
    cross join raw.settings
    cross join marts.cutoff
    where pulls.opened_at <= cutoff.cutoff_at and not pulls.is_excluded
    group by all
),

spans as (
    select * from landed
    union all
    select * from told where not exists (select 1 from landed)
),

spine as (
    select
        spans.*,
        cast(unnest(generate_series(
            date_trunc('quarter', spans.started_day),
            date_trunc('quarter', cutoff.cutoff_day),
            interval 3 months
        )) as date) as quarter_start,
        cutoff.cutoff_day
    from spans
    cross join cutoff
),

measured as (
    select
        scope,
        scope_name,
        quarter_start,
        year(quarter_start) || 'Q' || quarter(quarter_start) as quarter,
        cast(quarter_start + interval 3 months - interval 1 day as date) as end_day,
        greatest(quarter_start, started_day) as first_day,
        least(end_day, cutoff_day) as last_day,
        end_day > cutoff_day as is_partial,
        started_day <= quarter_start and end_day <= cutoff_day as is_whole
    from spine
),

first_model as (
    select min(changes.quarter_start) as quarter_start
    from marts.scope_changes as changes
    join attribution.change_authorship as authorship using (repository_id, commit_id)
    where changes.scope = 'organisation'
        and authorship.attested_share + authorship.declared_share > 0
),

-- the baseline is chosen for the organisation; a repository takes the same quarters
in_range as (
    select measured.quarter_start
    from measured
    cross join raw.settings
    where scope = 'organisation'
        and is_whole
        and quarter_start >= settings.baseline_from
        and end_day <= settings.baseline_to
),

in_history as (
    select measured.quarter_start
    from measured
    cross join first_model
    where scope = 'organisation' and is_whole and measured.quarter_start < first_model.quarter_start
),

baseline as (
    select quarter_start, 'range' as baseline_kind
    from in_range
    cross join raw.settings
    where settings.baseline not in ('auto', 'default')
        or (
            settings.baseline = 'default'
            and (select count(*) from in_range) >= settings.baseline_min_quarters
        )
    union all
    select quarter_start, 'before the first model finding'
    from in_history
    cross join raw.settings
    where settings.baseline = 'auto'
        or (
            settings.baseline = 'default'
            and (select count(*) from in_range) < settings.baseline_min_quarters
        )
)

select
    measured.scope,
    measured.scope_name,
    measured.quarter_start,
    measured.quarter,
    measured.first_day,
    measured.last_day,
    date_diff('day', measured.first_day, measured.last_day) + 1 as days,
    measured.is_partial,
    measured.is_whole,
    baseline.quarter_start is not null and measured.is_whole as is_baseline,
    case when is_baseline then baseline.baseline_kind end as baseline_kind
from measured
left join baseline using (quarter_start);

comment on table marts.quarters is 'One row per scope and quarter from its first landed change to the cut-off; where nothing has landed, for the organisation from its first pull request.';
comment on column marts.quarters.scope is 'organisation, repository or team';
comment on column marts.quarters.scope_name is 'name of the organisation, repository or team';
comment on column marts.quarters.quarter_start is 'first day of the quarter';
comment on column marts.quarters.quarter is 'the quarter, such as 2026Q1';
comment on column marts.quarters.first_day is 'first day measured';
comment on column marts.quarters.last_day is 'last day measured: the end of the quarter or the cut-off';
comment on column marts.quarters.days is 'days measured (count)';
comment on column marts.quarters.is_partial is 'whether the cut-off falls before its end';
comment on column marts.quarters.is_whole is 'whether the scope has history from its first day to its end';
comment on column marts.quarters.is_baseline is 'whether it belongs to the baseline';
comment on column marts.quarters.baseline_kind is 'how the baseline was chosen: range, or before the first model finding; null outside it';
