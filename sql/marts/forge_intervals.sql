-- after: marts.forge_counts
create or replace table marts.forge_intervals as
select * from given_forge_wilson;

comment on table marts.forge_intervals is 'One row per numerator and denominator of the shares of merged pull requests: its Wilson interval.';
comment on column marts.forge_intervals.merged is 'numerator (count)';
comment on column marts.forge_intervals.trials is 'denominator (count)';
comment on column marts.forge_intervals.rate_low is 'lower end of the 95% interval (0 to 1)';
comment on column marts.forge_intervals.rate_high is 'upper end of the 95% interval (0 to 1)';
