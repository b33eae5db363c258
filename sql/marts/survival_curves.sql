-- after: marts.line_lives, marts.scope_changes, raw.settings (organisation)
create or replace table marts.survival_curves as
select * from given_survival_curves;

comment on table marts.survival_curves is 'One row per scope, author class, comparison and age: Kaplan-Meier curve of code lines.';
comment on column marts.survival_curves.scope is 'organisation, repository or team';
comment on column marts.survival_curves.scope_name is 'name of the organisation, repository or team';
comment on column marts.survival_curves.author_class is 'all, model, human, automation or undeclared; lines count by the shares of the change that wrote them';
comment on column marts.survival_curves.matched_with is 'null: all lines of the class; else the curve over the quarters in which both this class and that one wrote lines';
comment on column marts.survival_curves.age_days is 'age (days)';
comment on column marts.survival_curves.lines is 'lines of the curve (count, by share)';
comment on column marts.survival_curves.landed_changes is 'landed changes that wrote them (count)';
comment on column marts.survival_curves.contributors is 'contributors whose lines these are (count); they are the clusters of the interval, and so is each change without one';
comment on column marts.survival_curves.at_risk is 'lines that reached this age under observation (count, by share)';
comment on column marts.survival_curves.survival is 'share of lines that lives beyond this age (0 to 1); null: see reason';
comment on column marts.survival_curves.survival_low is 'lower end of its 95% interval, clustered by contributor';
comment on column marts.survival_curves.survival_high is 'upper end of that interval';
comment on column marts.survival_curves.half_life_days is 'age at which half of the lines had died (days), the same in each row of a curve; null: not reached under observation';
comment on column marts.survival_curves.reason is 'why the survival or its interval is missing; null where neither is';
