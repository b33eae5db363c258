create or replace table marts.evidence_tiers_quarterly as
with changes as (
    select * from marts.scope_changes
),

counts as (
    select scope, scope_name, quarter_start, tier, count(*) as landed_changes
    from changes
    group by all
),

tiers as (
    select
        authorship.scope,
        authorship.scope_name,
        authorship.quarter_start,
        authorship.quarter,
        authorship.is_partial,
        authorship.code_lines,
        authorship.model_lines as all_model_lines,
        unnest(['attested', 'declared', 'indicated', 'none']) as tier,
        unnest([
            authorship.attested_lines,
            authorship.declared_lines,
            authorship.indicated_lines,
            authorship.undeclared_lines
        ]) as lines
    from marts.authorship_quarterly as authorship
)

select
    tiers.scope,
    tiers.scope_name,
    tiers.quarter_start,
    tiers.quarter,
    tiers.is_partial,
    tiers.tier,
    coalesce(counts.landed_changes, 0) as landed_changes,
    tiers.lines,
    tiers.lines / nullif(tiers.code_lines, 0) as share_of_code_lines,
    case when tiers.tier != 'none' then tiers.lines / nullif(tiers.all_model_lines, 0) end
        as share_of_model_lines,
    case
        when tiers.code_lines = 0 then 'no code line landed'
        when tiers.tier = 'none' then 'not evidence of a model'
        when tiers.all_model_lines = 0 then 'no line of a model landed'
    end as reason
from tiers
left join counts using (scope, scope_name, quarter_start, tier);

comment on table marts.evidence_tiers_quarterly is 'One row per scope, quarter in which something landed, and tier of evidence: which tier carries the model share.';
comment on column marts.evidence_tiers_quarterly.scope is 'organisation, repository or team';
comment on column marts.evidence_tiers_quarterly.scope_name is 'name of the organisation, repository or team';
comment on column marts.evidence_tiers_quarterly.quarter_start is 'first day of the quarter';
comment on column marts.evidence_tiers_quarterly.quarter is 'the quarter, such as 2026Q1';
comment on column marts.evidence_tiers_quarterly.is_partial is 'whether the quarter is not over at the cut-off';
comment on column marts.evidence_tiers_quarterly.tier is 'attested, declared, indicated or none';
comment on column marts.evidence_tiers_quarterly.landed_changes is 'landed changes whose strongest evidence, of any author class, is of the tier (count)';
comment on column marts.evidence_tiers_quarterly.lines is 'code lines credited to a model by evidence of the tier; for none, undeclared lines';
comment on column marts.evidence_tiers_quarterly.share_of_code_lines is 'these over all code lines (0 to 1); null without any';
comment on column marts.evidence_tiers_quarterly.share_of_model_lines is 'these over the model lines (0 to 1); null for none, and without any';
comment on column marts.evidence_tiers_quarterly.reason is 'why a share is missing; null where none is';
