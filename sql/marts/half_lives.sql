create or replace table marts.half_lives as
select
    scope,
    scope_name,
    author_class,
    matched_with,
    lines,
    landed_changes,
    contributors,
    half_life_days,
    case when half_life_days is null then 'more than half of the lines live as far as they were followed' end as reason
from marts.survival_curves
where age_days = 0;

comment on table marts.half_lives is 'One row per scope, author class and comparison: half-life of code lines.';
comment on column marts.half_lives.scope is 'organisation, repository or team';
comment on column marts.half_lives.scope_name is 'name of the organisation, repository or team';
comment on column marts.half_lives.author_class is 'all, model, human, automation or undeclared';
comment on column marts.half_lives.matched_with is 'null: all lines of the class; else those of the quarters in which both this class and that one wrote lines';
comment on column marts.half_lives.lines is 'lines of the curve (count, by share)';
comment on column marts.half_lives.landed_changes is 'landed changes that wrote them (count)';
comment on column marts.half_lives.contributors is 'contributors, and each change without one (count)';
comment on column marts.half_lives.half_life_days is 'age at which half of the lines had died (days); null: not reached';
comment on column marts.half_lives.reason is 'why there is none; null where there is';
