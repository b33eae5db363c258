create or replace table marts.merge_durations as
with pulls as (
    select
        placed.scope,
        placed.scope_name,
        pulls.repository_id,
        pulls.pull_request_number,
        pulls.quarter_start,
        pulls.author_class as written_by,
        pulls.contributor_id,
        if(pulls.contributor_id is null, coalesce(pulls.agent, 'not known'), null) as bot,
        pulls.state,
        coalesce(pulls.merged_at <= cutoff.cutoff_at, false) as is_merged,
        -- whoever closes one may open it again, and a clone tells of no closing: it stays unmerged
        -- as long as it was watched
        greatest(
            epoch(case
                when is_merged then pulls.merged_at
                when pulls.state = 'open' and not refs.has_ref then least(cutoff.cutoff_at, pulls.told_at)
                else cutoff.cutoff_at
            end) - epoch(pulls.opened_at),
            0
        ) / 86400 as days
    from marts.scope_pull_requests as placed
    join marts.pull_requests as pulls using (repository_id, pull_request_number)
    join staging.pull_requests as refs using (repository_id, pull_request_number)
    cross join marts.cutoff
    -- those known from the message of their merge alone were all merged
    where pulls.outcome != 'unknown'
        and (pulls.head_commit_id is not null or pulls.state is not null)
        and not (pulls.outcome = 'merged' and pulls.merged_at is null)
)

select
    scope,
    scope_name,
    unnest(['all', written_by]) as author_class,
    repository_id,
    pull_request_number,
    quarter_start,
    contributor_id,
    bot,
    is_merged,
    days
from pulls;

comment on table marts.merge_durations is 'One row per scope, author class and pull request that counts in it: how long it waited for its merge.';
comment on column marts.merge_durations.scope is 'organisation, repository or team';
comment on column marts.merge_durations.scope_name is 'name of the organisation, repository or team';
comment on column marts.merge_durations.author_class is 'all, or who wrote most of its commits: model, human, automation, undeclared, mixed';
comment on column marts.merge_durations.repository_id is 'name of the repository';
comment on column marts.merge_durations.pull_request_number is 'number on the forge';
comment on column marts.merge_durations.quarter_start is 'first day of the quarter in which it was opened';
comment on column marts.merge_durations.contributor_id is 'contributor who authored its head commit; null for agents and bots';
comment on column marts.merge_durations.bot is 'agent or bot who did, where no contributor is known; null beside a contributor';
comment on column marts.merge_durations.is_merged is 'whether it was merged up to the cut-off';
comment on column marts.merge_durations.days is 'time from opening to merge, or as long as it was watched without one: to the cut-off, also where it was closed before (days)';
