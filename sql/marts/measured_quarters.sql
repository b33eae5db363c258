create or replace table marts.measured_quarters as
with measures as (
    select unnest([
        {'measure': 'code_lines', 'window_days': null},
        {'measure': 'lines_alive_30_days', 'window_days': 30},
        {'measure': 'lines_alive_90_days', 'window_days': 90},
        {'measure': 'net_lines', 'window_days': null},
        {'measure': 'landed_changes', 'window_days': null},
        {'measure': 'merged_pull_requests', 'window_days': null}
    ], recursive := true)
),

pull_requests_known as (
    select scopes.scope, scopes.scope_name, count(changes.pull_request_number) > 0 as is_known
    from marts.scopes
    left join marts.scope_changes as changes
        on changes.scope = scopes.scope and changes.scope_name = scopes.scope_name
    group by all
),

followed as (
    select
        changes.scope,
        changes.scope_name,
        changes.quarter_start,
        coalesce(sum(changes.code_lines) filter (survival.commit_id is null), 0) as lines_left,
        sum(changes.code_lines) as code_lines
    from marts.scope_changes as changes
    left join marts.change_survival as survival using (repository_id, commit_id)
    group by all
)

select
    quarters.scope,
    quarters.scope_name,
    measures.measure,
    quarters.quarter_start,
    case
        when measures.measure = 'merged_pull_requests' and not pull_requests_known.is_known
            then 'no pull request is known'
        when followed.lines_left > 0.01 * followed.code_lines and measures.window_days is not null
            then 'lines were not followed'
        when date_diff('day', quarters.last_day + interval 1 day, cutoff.cutoff_day) < measures.window_days
            then 'window not elapsed'
    end as reason
from marts.quarters as quarters
cross join measures
cross join marts.cutoff
join pull_requests_known using (scope, scope_name)
left join followed using (scope, scope_name, quarter_start);

comment on table marts.measured_quarters is 'One row per scope, measure and quarter: whether the measure can be taken of it.';
comment on column marts.measured_quarters.scope is 'organisation, repository or team';
comment on column marts.measured_quarters.scope_name is 'name of the organisation, repository or team';
comment on column marts.measured_quarters.measure is 'the measure';
comment on column marts.measured_quarters.quarter_start is 'first day of the quarter';
comment on column marts.measured_quarters.reason is 'why it cannot; null where it can. Lines count as followed where 99% of the code lines of the quarter were';
