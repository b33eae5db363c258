create or replace table marts.pull_requests as
with pull_requests as (
    select
        pull_requests.*,
        landed.committed_at as landed_at,
        cutoff.cutoff_at
    from staging.pull_requests
    left join staging.commits as landed
        on landed.repository_id = pull_requests.repository_id
        and landed.commit_id = pull_requests.landed_commit_id
    cross join marts.cutoff
),

-- A forge numbers pull requests in the order of opening. So number n was opened before any of n
-- and above landed, and after the first commits of any of n and below were written.
bounded as (
    select
        *,
        least(
            cutoff_at,
            min(landed_at) over (
                partition by repository_id
                order by pull_request_number
                rows between current row and unbounded following
            )
        ) as opened_before
    from pull_requests
),

opened as (
    select
        *,
        least(
            opened_before,
            max(least(first_authored_at, opened_before)) over (
                partition by repository_id
                order by pull_request_number
                rows between unbounded preceding and current row
            )
        ) as opened_at
    from bounded
),

authorship as (
    select
        own.repository_id,
        own.pull_request_number,
        avg(authorship.model_share) as model_share,
        avg(authorship.human_share) as human_share,
        avg(authorship.automation_share) as automation_share,
        avg(authorship.undeclared_share) as undeclared_share,
        arg_max(authorship.agent, authorship.model_share) filter (authorship.agent is not null) as agent
    from staging.pull_request_commits as own
    join attribution.commit_authorship as authorship using (repository_id, commit_id)
    group by own.repository_id, own.pull_request_number
),

heads as (
    select repository_id, commit_id as head_commit_id, contributor_id
    from attribution.commit_contributors
)

select
    opened.repository_id,
    opened.pull_request_number,
    opened.head_commit_id,
    opened.head_branch,
    opened.own_commits,
    opened.opened_at,
    'order of numbers' as opened_at_source,
    cast(date_trunc('quarter', opened.opened_at at time zone settings.time_zone) as date) as quarter_start,
    opened.landed_commit_id,
    opened.landed_by,
    opened.landed_at as merged_at,
    case
        when opened.landed_commit_id is not null then 'merged'
        when opened.own_commits is null then 'unknown'
        else 'not merged'
    end as outcome,
    opened.landed_at <= opened.opened_at + to_days(settings.merge_window_days) as is_merged_in_window,
    opened.head_commit_id is not null
        and (opened.landed_commit_id is not null or opened.own_commits is not null)
        and opened.opened_at <= opened.cutoff_at - to_days(settings.merge_window_days) as is_mature,
    heads.contributor_id,
    authorship.model_share,
    authorship.human_share,
    authorship.automation_share,
    authorship.undeclared_share,
    case
        when authorship.model_share is null then 'undeclared'
        when authorship.model_share > 0.5 then 'model'
        when authorship.human_share > 0.5 then 'human'
        when authorship.automation_share > 0.5 then 'automation'
        when authorship.undeclared_share > 0.5 then 'undeclared'
        else 'mixed'
    end as author_class,
    authorship.agent
from opened
cross join raw.settings
left join authorship using (repository_id, pull_request_number)
left join heads using (repository_id, head_commit_id);

comment on table marts.pull_requests is 'One row per pull or merge request.';
comment on column marts.pull_requests.repository_id is 'name of the repository';
comment on column marts.pull_requests.pull_request_number is 'number on the forge';
comment on column marts.pull_requests.head_commit_id is 'its head commit; null where only a message names it';
comment on column marts.pull_requests.head_branch is 'head branch where a merge message tells it';
comment on column marts.pull_requests.own_commits is 'its own commits (count); null where not known';
comment on column marts.pull_requests.opened_at is 'when it was opened (UTC): by the order of numbers, between the first commits of it and lower numbers and the landing of it and higher ones';
comment on column marts.pull_requests.opened_at_source is 'where opened_at comes from';
comment on column marts.pull_requests.quarter_start is 'first day of the quarter in which it was opened';
comment on column marts.pull_requests.landed_commit_id is 'landed change that it became; null: not on the default branch';
comment on column marts.pull_requests.landed_by is 'how that is known: merge message, head reachable, subject number or rebased head';
comment on column marts.pull_requests.merged_at is 'when it landed (UTC); null: not on the default branch';
comment on column marts.pull_requests.outcome is 'merged, not merged (rejected or still open), or unknown (likely aimed at another branch)';
comment on column marts.pull_requests.is_merged_in_window is 'whether it landed within the merge window after opening; null where not merged';
comment on column marts.pull_requests.is_mature is 'whether it is in the denominator of the success rate: its head and outcome are known and it was opened at least a merge window before the cut-off';
comment on column marts.pull_requests.contributor_id is 'contributor who authored its head commit; null for bots and agents, or where not known';
comment on column marts.pull_requests.model_share is 'mean share of its commits by a model (0 to 1)';
comment on column marts.pull_requests.human_share is 'mean share by a human (0 to 1)';
comment on column marts.pull_requests.automation_share is 'mean share by automation (0 to 1)';
comment on column marts.pull_requests.undeclared_share is 'mean share without evidence (0 to 1)';
comment on column marts.pull_requests.author_class is 'class with more than half: model, human, automation or undeclared; mixed where none has';
comment on column marts.pull_requests.agent is 'agent with the largest share; null without one';
