-- after: marts.model_captures
create or replace table marts.model_coverage as
with estimated as (
    select
        captures.*,
        captures.declared + captures.attested - captures.in_both as seen,
        case
            when captures.repositories = 0 and all_declared = 0 and all_records = 0
                then 'no evidence of a model'
            when captures.repositories = 0 and all_records = 0
                then 'one channel only: identities and trailers; no line-level records'
            when captures.repositories = 0 and all_declared = 0
                then 'one channel only: line-level records; no identity or trailer declares a model'
            when captures.repositories = 0
                then 'one channel only in each repository'
            when captures.in_both < estimates.min_in_both
                then 'too few commits with both kinds of evidence: under ' || estimates.min_in_both
        end as reason,
        estimates.estimate,
        estimates.low,
        estimates.high
    from marts.model_captures as captures
    left join given_capture_recapture as estimates using (declared, attested, in_both)
)

select
    estimated.scope,
    estimated.scope_name,
    estimated.quarter_start,
    quarters.quarter,
    quarters.is_partial,
    estimated.repositories,
    estimated.commits,
    estimated.in_both,
    estimated.declared - estimated.in_both as only_declared,
    estimated.attested - estimated.in_both as only_attested,
    estimated.seen,
    -- there are no more than landed
    case when reason is null then least(estimated.estimate, estimated.commits) end as estimate,
    case when reason is null then least(estimated.low, estimated.commits) end as estimate_low,
    case when reason is null then least(estimated.high, estimated.commits) end as estimate_high,
    case when reason is null then estimated.seen / nullif(least(estimated.estimate, estimated.commits), 0) end
        as coverage,
    case when reason is null then estimated.declared / nullif(least(estimated.estimate, estimated.commits), 0) end
        as declared_coverage,
    estimated.reason
from estimated
join marts.quarters as quarters using (scope, scope_name, quarter_start);

comment on table marts.model_coverage is 'One row per scope and quarter in which something landed: how many commits of models there are by capture and recapture, if identities and trailers are independent of line-level records. Where a commit with the one is likelier to have the other, which is usual, there are more.';
comment on column marts.model_coverage.scope is 'organisation, repository or team';
comment on column marts.model_coverage.scope_name is 'name of the organisation, repository or team';
comment on column marts.model_coverage.quarter_start is 'first day of the quarter';
comment on column marts.model_coverage.quarter is 'the quarter, such as 2026Q1';
comment on column marts.model_coverage.is_partial is 'whether the quarter is not over at the cut-off';
comment on column marts.model_coverage.repositories is 'repositories in which both channels are at work in the quarter (count); all that follows is of these';
comment on column marts.model_coverage.commits is 'commits that landed (count)';
comment on column marts.model_coverage.in_both is 'commits with both kinds of evidence (count)';
comment on column marts.model_coverage.only_declared is 'commits with an identity or trailer alone (count)';
comment on column marts.model_coverage.only_attested is 'commits with a line-level record alone (count)';
comment on column marts.model_coverage.seen is 'commits with either (count)';
comment on column marts.model_coverage.estimate is 'commits in which a model took part, by Chapman''s estimator (count), at most those that landed; null with a reason';
comment on column marts.model_coverage.estimate_low is 'lower end of its 95% interval (count)';
comment on column marts.model_coverage.estimate_high is 'upper end of its 95% interval (count)';
comment on column marts.model_coverage.coverage is 'share of them that the evidence holds (0 to 1)';
comment on column marts.model_coverage.declared_coverage is 'share of them that identities and trailers alone hold (0 to 1)';
comment on column marts.model_coverage.reason is 'why there is no estimate; null where there is one';
