create or replace table marts.concentration_quarterly as
with lines as (
    select
        changes.scope,
        changes.scope_name,
        changes.quarter_start,
        parts.contributor_id,
        -- decimals add up to the same in any order
        cast(sum(cast(changes.code_lines * parts.share as decimal(28, 9))) as double) as code_lines
    from marts.scope_changes as changes
    join attribution.change_parts as parts
        on parts.repository_id = changes.repository_id and parts.landed_commit_id = changes.commit_id
    where changes.code_lines > 0 and parts.share > 0
    group by all
),

ranked as (
    select
        scope,
        scope_name,
        quarter_start,
        code_lines,
        row_number() over (partition by scope, scope_name, quarter_start order by code_lines) as place,
        count(*) over (partition by scope, scope_name, quarter_start) as contributors
    from lines
    where contributor_id is not null and code_lines > 0
),

spread as (
    select
        scope,
        scope_name,
        quarter_start,
        any_value(contributors) as contributors,
        cast(ceil(any_value(contributors) / 10) as bigint) as top_contributors,
        list_sum(list(code_lines order by place)) as code_lines,
        list_sum(list(code_lines order by place) filter (place > contributors - ceil(contributors / 10))) as top_lines,
        list_sum(list(code_lines * code_lines order by place)) as squares,
        list_sum(list(code_lines * place order by place)) as weighted
    from ranked
    group by scope, scope_name, quarter_start
),

measured as (
    select
        scope,
        scope_name,
        quarter_start,
        top_contributors,
        top_lines / code_lines as top_tenth_share,
        2 * weighted / (contributors * code_lines) - (contributors + 1) / contributors as gini,
        code_lines * code_lines / squares as effective_contributors
    from spread
    -- fewer would tell of single persons
    where contributors >= 10
),

totals as (
    select scope, scope_name, quarter_start, list_sum(list(code_lines order by code_lines)) as code_lines
    from lines
    group by scope, scope_name, quarter_start
)

select
    totals.scope,
    totals.scope_name,
    totals.quarter_start,
    quarters.quarter,
    quarters.is_partial,
    coalesce(spread.contributors, 0) as contributors,
    totals.code_lines,
    least(coalesce(spread.code_lines, 0) / totals.code_lines, 1) as covered_share,
    measured.top_contributors,
    measured.top_tenth_share,
    measured.gini,
    measured.effective_contributors,
    case when measured.scope is null then 'fewer than 10 contributors' end as reason
from totals
join marts.quarters as quarters using (scope, scope_name, quarter_start)
left join spread using (scope, scope_name, quarter_start)
left join measured using (scope, scope_name, quarter_start);

comment on table marts.concentration_quarterly is 'One row per scope and quarter in which code lines landed: over how many contributors they spread.';
comment on column marts.concentration_quarterly.scope is 'organisation, repository or team';
comment on column marts.concentration_quarterly.scope_name is 'name of the organisation, repository or team';
comment on column marts.concentration_quarterly.quarter_start is 'first day of the quarter';
comment on column marts.concentration_quarterly.quarter is 'the quarter, such as 2026Q1';
comment on column marts.concentration_quarterly.is_partial is 'whether the cut-off falls before its end';
comment on column marts.concentration_quarterly.contributors is 'contributors with code lines in it (count)';
comment on column marts.concentration_quarterly.code_lines is 'code lines landed, uncapped';
comment on column marts.concentration_quarterly.covered_share is 'part of these from commits of contributors, not of agents and bots (0 to 1): the measures beside it are of this part';
comment on column marts.concentration_quarterly.top_contributors is 'a tenth of the contributors, rounded up (count); null: see reason';
comment on column marts.concentration_quarterly.top_tenth_share is 'part of the contributors'' code lines that the tenth with the most landed (0 to 1); null: see reason';
comment on column marts.concentration_quarterly.gini is 'Gini coefficient of code lines over contributors: 0 all alike, towards 1 all from one; null: see reason';
comment on column marts.concentration_quarterly.effective_contributors is 'contributors who, with equal lines each, would be as concentrated: 1 over the sum of squared shares; null: see reason';
comment on column marts.concentration_quarterly.reason is 'why the measures are missing; null where they are not';
