create or replace view marts.forge_success as
select
    counts.scope,
    counts.scope_name,
    counts.grouping_kind,
    counts.grouping_name,
    counts.pull_requests,
    counts.pull_requests - counts.closed as still_open,
    counts.closed,
    counts.merged,
    counts.merged / counts.pull_requests as merged_of_all,
    of_all.rate_low as merged_of_all_low,
    of_all.rate_high as merged_of_all_high,
    counts.merged / nullif(counts.closed, 0) as merged_of_closed,
    of_closed.rate_low as merged_of_closed_low,
    of_closed.rate_high as merged_of_closed_high,
    case when counts.closed = 0 then 'none closed yet' end as reason
from marts.forge_counts as counts
left join marts.forge_intervals as of_all
    on of_all.merged = counts.merged and of_all.trials = counts.pull_requests
left join marts.forge_intervals as of_closed
    on of_closed.merged = counts.merged and of_closed.trials = counts.closed;

comment on view marts.forge_success is 'One row per scope and group of authors: which part of the pull requests that a forge or a file tells of was merged so far, of all and of those closed.';
comment on column marts.forge_success.scope is 'organisation, repository or team';
comment on column marts.forge_success.scope_name is 'name of the organisation, repository or team';
comment on column marts.forge_success.grouping_kind is 'all, author class or agent';
comment on column marts.forge_success.grouping_name is 'all, the author class, or the agent';
comment on column marts.forge_success.pull_requests is 'pull requests (count): the first denominator';
comment on column marts.forge_success.still_open is 'of those, still open (count)';
comment on column marts.forge_success.closed is 'of those, merged or closed without a merge (count): the second denominator';
comment on column marts.forge_success.merged is 'of those, merged (count): the numerator';
comment on column marts.forge_success.merged_of_all is 'merged over all (0 to 1): what is open counts as not merged, so it is too low while some are young';
comment on column marts.forge_success.merged_of_all_low is 'lower end of its 95% Wilson interval';
comment on column marts.forge_success.merged_of_all_high is 'upper end of its 95% Wilson interval';
comment on column marts.forge_success.merged_of_closed is 'merged over closed (0 to 1): what is open is left out, so it is too high where rejection is slower than merging; null where none is closed';
comment on column marts.forge_success.merged_of_closed_low is 'lower end of its 95% Wilson interval';
comment on column marts.forge_success.merged_of_closed_high is 'upper end of its 95% Wilson interval';
comment on column marts.forge_success.reason is 'why a rate is missing';
