create or replace table marts.caps as
with quarters as (
    select * from marts.quarters
),

pools as (
    select
        quarters.scope,
        quarters.scope_name,
        quarters.quarter_start,
        count(changes.code_lines) as pool_changes,
        quantile_disc(changes.code_lines, (select coalesce(cap_quantile, 1) from raw.settings))
            as quantile_lines
    from quarters
    left join marts.scope_changes as changes
        on changes.scope = quarters.scope
        and changes.scope_name = quarters.scope_name
        and changes.landed_day between quarters.last_day - 364 and quarters.last_day
    group by all
)

select
    pools.scope,
    pools.scope_name,
    pools.quarter_start,
    pools.pool_changes,
    case
        when settings.cap_quantile is not null and pools.pool_changes >= settings.cap_min_pool
            then pools.quantile_lines
    end as cap_lines
from pools
cross join raw.settings;

comment on table marts.caps is 'One row per scope and quarter: the cap on the size of a change.';
comment on column marts.caps.scope is 'organisation or repository';
comment on column marts.caps.scope_name is 'name of the organisation or repository';
comment on column marts.caps.quarter_start is 'first day of the quarter';
comment on column marts.caps.pool_changes is 'landed changes with known size in the 365 days up to the last day measured (count)';
comment on column marts.caps.cap_lines is 'code lines beyond which a change of the quarter does not count: the cap quantile of the pool; null: no cap';
