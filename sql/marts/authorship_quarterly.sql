create or replace table marts.authorship_quarterly as
with changes as (
    select * from marts.scope_changes
),

sums as (
    select
        scope,
        scope_name,
        quarter_start,
        count(*) as landed_changes,
        count(*) filter (model_share > 0) as model_changes,
        cast(coalesce(sum(code_lines), 0) as bigint) as code_lines,
        coalesce(main.exact_sum(model_lines), 0) as model_lines,
        coalesce(main.exact_sum(human_lines), 0) as human_lines,
        coalesce(main.exact_sum(automation_lines), 0) as automation_lines,
        coalesce(main.exact_sum(undeclared_lines), 0) as undeclared_lines,
        coalesce(main.exact_sum(attested_lines), 0) as attested_lines,
        coalesce(main.exact_sum(declared_lines), 0) as declared_lines,
        coalesce(main.exact_sum(indicated_lines), 0) as indicated_lines
    from changes
    group by scope, scope_name, quarter_start
)

select
    quarters.scope,
    quarters.scope_name,
    quarters.quarter_start,
    quarters.quarter,
    quarters.is_partial,
    sums.landed_changes,
    sums.model_changes,
    sums.code_lines,
    sums.model_lines,
    sums.human_lines,
    sums.automation_lines,
    sums.undeclared_lines,
    sums.attested_lines,
    sums.declared_lines,
    sums.indicated_lines,
    sums.model_lines / nullif(sums.code_lines, 0) as model_share,
    (sums.attested_lines + sums.declared_lines) / nullif(sums.code_lines, 0) as model_share_low,
    (sums.model_lines + sums.undeclared_lines) / nullif(sums.code_lines, 0) as model_share_high,
    sums.human_lines / nullif(sums.code_lines, 0) as human_share,
    sums.automation_lines / nullif(sums.code_lines, 0) as automation_share,
    sums.undeclared_lines / nullif(sums.code_lines, 0) as undeclared_share,
    case when sums.code_lines = 0 then 'no code line landed' end as reason
from marts.quarters as quarters
join sums using (scope, scope_name, quarter_start);

comment on table marts.authorship_quarterly is 'One row per scope and quarter in which something landed: code lines by who wrote them.';
comment on column marts.authorship_quarterly.scope is 'organisation, repository or team';
comment on column marts.authorship_quarterly.scope_name is 'name of the organisation, repository or team';
comment on column marts.authorship_quarterly.quarter_start is 'first day of the quarter';
comment on column marts.authorship_quarterly.quarter is 'the quarter, such as 2026Q1';
comment on column marts.authorship_quarterly.is_partial is 'whether the cut-off falls before its end';
comment on column marts.authorship_quarterly.landed_changes is 'landed changes (count)';
comment on column marts.authorship_quarterly.model_changes is 'landed changes with model evidence (count)';
comment on column marts.authorship_quarterly.code_lines is 'added lines in files of class source and test, uncapped';
comment on column marts.authorship_quarterly.model_lines is 'code lines that a model wrote, by the evidence';
comment on column marts.authorship_quarterly.human_lines is 'code lines that a human wrote: no evidence, before agents existed';
comment on column marts.authorship_quarterly.automation_lines is 'code lines that automation wrote';
comment on column marts.authorship_quarterly.undeclared_lines is 'code lines without evidence either way';
comment on column marts.authorship_quarterly.attested_lines is 'model lines by line-level records';
comment on column marts.authorship_quarterly.declared_lines is 'model lines by identities and trailers';
comment on column marts.authorship_quarterly.indicated_lines is 'model lines by body text and branch names';
comment on column marts.authorship_quarterly.model_share is 'model lines over code lines (0 to 1)';
comment on column marts.authorship_quarterly.model_share_low is 'lower bound: attested and declared lines over code lines (0 to 1)';
comment on column marts.authorship_quarterly.model_share_high is 'upper bound: as if a model had written every undeclared line (0 to 1)';
comment on column marts.authorship_quarterly.human_share is 'human lines over code lines (0 to 1)';
comment on column marts.authorship_quarterly.automation_share is 'automation lines over code lines (0 to 1)';
comment on column marts.authorship_quarterly.undeclared_share is 'undeclared lines over code lines (0 to 1)';
comment on column marts.authorship_quarterly.reason is 'why the shares are missing; null where they are not';
