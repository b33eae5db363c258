create or replace table marts.caps as
with quarters as (
    select * from marts.quarters
),

sizes as (
    select * from marts.change_sizes where is_capped
),

measures as (
    select unnest(['code_lines', 'lines_alive_30_days', 'lines_alive_90_days']) as measure
),

pools as (
    select
        quarters.scope,
        quarters.scope_name,
        measures.measure,
        quarters.quarter_start,
        count(changes.units) as pool_changes,
        list(changes.units order by changes.units) filter (where changes.units is not null) as sizes
    from quarters
    cross join measures
    cross join raw.settings
    left join sizes as changes
        on changes.scope = quarters.scope
        and changes.scope_name = quarters.scope_name
        and changes.measure = measures.measure
        and changes.landed_day between quarters.last_day - settings.cap_pool_days + 1 and quarters.last_day
    group by all
)

select
    pools.scope,
    pools.scope_name,
    pools.measure,
    pools.quarter_start,
    pools.pool_changes,
    case
        when settings.cap_quantile is not null and pools.pool_changes >= settings.cap_min_pool
            -- the smallest size that the quantile of the changes does not exceed; the quantile is a
            -- decimal, so that 0.99 of 100 is 99
            then pools.sizes[cast(ceil(
                cast(settings.cap_quantile as decimal(9, 6)) * pools.pool_changes
            ) as integer)]
    end as cap_lines
from pools
cross join raw.settings;

comment on table marts.caps is 'One row per scope, capped measure and quarter: the cap on the size of a change.';
comment on column marts.caps.measure is 'code_lines, lines_alive_30_days or lines_alive_90_days';
comment on column marts.caps.scope is 'organisation, repository or team';
comment on column marts.caps.scope_name is 'name of the organisation, repository or team';
comment on column marts.caps.quarter_start is 'first day of the quarter';
comment on column marts.caps.pool_changes is 'landed changes (or commits, as the settings count) with known size in the days up to the last day measured that the settings say (count)';
comment on column marts.caps.cap_lines is 'lines beyond which a change of the quarter does not count: the cap quantile of the pool; null: no cap';
