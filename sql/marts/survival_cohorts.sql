create or replace table marts.survival_cohorts as
with weighted as (
    select
        changes.scope,
        changes.scope_name,
        changes.quarter_start,
        changes.code_lines,
        survival.* exclude (repository_id, commit_id),
        survival.commit_id is not null as is_followed,
        unnest([
            {'author_class': 'all', 'share': 1.0},
            {'author_class': 'model', 'share': changes.model_share},
            {'author_class': 'human', 'share': changes.human_share},
            {'author_class': 'automation', 'share': changes.automation_share},
            {'author_class': 'undeclared', 'share': changes.undeclared_share}
        ], recursive := true)
    from marts.scope_changes as changes
    left join marts.change_survival as survival using (repository_id, commit_id)
),

sums as (
    select
        scope,
        scope_name,
        author_class,
        quarter_start,
        count(*) filter (code_lines > 0) as landed_changes,
        coalesce(main.exact_sum(share * code_lines), 0) as code_lines,
        coalesce(main.exact_sum(case when is_followed then share * code_lines end), 0) as code_lines_followed,
        main.exact_sum(case when is_followed then share * lines_written end) as lines_written,
        main.exact_sum(share * lines_died_14_days) as lines_died_14_days,
        main.exact_sum(share * lines_died_30_days) as lines_died_30_days,
        main.exact_sum(share * lines_alive_14_days) as lines_alive_14_days,
        main.exact_sum(share * lines_alive_30_days) as lines_alive_30_days,
        main.exact_sum(share * lines_died_90_days) as lines_died_90_days,
        main.exact_sum(share * lines_alive_90_days) as lines_alive_90_days
    from weighted
    where share > 0
    group by all
),

measured as (
    select
        sums.*,
        quarters.quarter,
        quarters.is_partial,
        -- in whole days: the last line of the quarter is old enough then
        date_diff('day', quarters.quarter_start + interval 3 months, cutoff.cutoff_day) as age_days,
        case
            when lines_written is null then 'lines were not followed'
            when lines_written = 0 then 'no line was written'
        end as no_lines,
        case when no_lines is null and age_days >= 14 then lines_died_14_days + lines_alive_14_days end as known_14,
        case when no_lines is null and age_days >= 30 then lines_died_30_days + lines_alive_30_days end as known_30,
        case when no_lines is null and age_days >= 90 then lines_died_90_days + lines_alive_90_days end as known_90
    from sums
    join marts.quarters as quarters using (scope, scope_name, quarter_start)
    cross join marts.cutoff
)

select
    scope,
    scope_name,
    author_class,
    quarter_start,
    quarter,
    is_partial,
    landed_changes,
    code_lines,
    code_lines_followed / nullif(code_lines, 0) as followed_share,
    lines_written,
    case when known_14 is not null then lines_died_14_days end as lines_died_14_days,
    case when known_30 is not null then lines_died_30_days end as lines_died_30_days,
    case when known_30 is not null then lines_alive_30_days end as lines_alive_30_days,
    case when known_90 is not null then lines_alive_90_days end as lines_alive_90_days,
    lines_died_14_days / nullif(known_14, 0) as churn14,
    lines_died_30_days / nullif(known_30, 0) as churn30,
    lines_alive_30_days / nullif(known_30, 0) as alive_share_30_days,
    lines_alive_90_days / nullif(known_90, 0) as alive_share_90_days,
    case
        when no_lines is not null then no_lines
        when age_days < 14 then 'window not elapsed'
        when known_14 = 0 then 'blobs are missing'
    end as reason_14_days,
    case
        when no_lines is not null then no_lines
        when age_days < 30 then 'window not elapsed'
        when known_30 = 0 then 'blobs are missing'
    end as reason_30_days,
    case
        when no_lines is not null then no_lines
        when age_days < 90 then 'window not elapsed'
        when known_90 = 0 then 'blobs are missing'
    end as reason_90_days
from measured;

comment on table marts.survival_cohorts is 'One row per scope, author class and quarter in which the class landed something: what became of its code lines.';
comment on column marts.survival_cohorts.scope is 'organisation, repository or team';
comment on column marts.survival_cohorts.scope_name is 'name of the organisation, repository or team';
comment on column marts.survival_cohorts.author_class is 'all, model, human, automation or undeclared; lines count by the shares of the change that wrote them';
comment on column marts.survival_cohorts.quarter_start is 'first day of the quarter in which the lines landed';
comment on column marts.survival_cohorts.quarter is 'the quarter, such as 2026Q1';
comment on column marts.survival_cohorts.is_partial is 'whether the cut-off falls before its end';
comment on column marts.survival_cohorts.landed_changes is 'landed changes with code lines and a share of the class (count)';
comment on column marts.survival_cohorts.code_lines is 'code lines landed (count, by share)';
comment on column marts.survival_cohorts.followed_share is 'part of the code lines that landed in changes whose lines were followed (0 to 1); null without code lines';
comment on column marts.survival_cohorts.lines_written is 'code lines written in these, less lines only moved or re-spaced (count, by share); null: not followed';
comment on column marts.survival_cohorts.lines_died_14_days is 'of these, lines that died within 14 days; null: see reason_14_days';
comment on column marts.survival_cohorts.lines_died_30_days is 'of these, lines that died within 30 days; null: see reason_30_days';
comment on column marts.survival_cohorts.lines_alive_30_days is 'of these, lines alive at 30 days; null: see reason_30_days';
comment on column marts.survival_cohorts.lines_alive_90_days is 'of these, lines alive at 90 days; null: see reason_90_days';
comment on column marts.survival_cohorts.churn14 is 'lines dead within 14 days over lines written whose fate is known (0 to 1)';
comment on column marts.survival_cohorts.churn30 is 'lines dead within 30 days over lines written whose fate is known (0 to 1)';
comment on column marts.survival_cohorts.alive_share_30_days is 'lines alive at 30 days over lines written whose fate is known (0 to 1)';
comment on column marts.survival_cohorts.alive_share_90_days is 'lines alive at 90 days over lines written whose fate is known (0 to 1)';
comment on column marts.survival_cohorts.reason_14_days is 'why what is measured at 14 days is missing; null where it is not';
comment on column marts.survival_cohorts.reason_30_days is 'why what is measured at 30 days is missing; null where it is not';
comment on column marts.survival_cohorts.reason_90_days is 'why what is measured at 90 days is missing; null where it is not';
