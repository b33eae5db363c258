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

-- When it was opened only the forge knows. A pull request is opened when its first commits have
-- been written, so that is the guess; but branches lie about, and heads are replaced later. A
-- forge numbers in the order of opening, so the guess is held between the medians of the ten
-- numbers before and the ten after it; medians, as single neighbours may lie.
guessed as (
    select
        *,
        case when first_authored_at is not null then least(first_authored_at, landed_at) end as guess
    from pull_requests
),

bounded as (
    select
        *,
        quantile_disc(guess, 0.5) over (
            partition by repository_id
            order by pull_request_number
            rows between 10 preceding and 1 preceding
        ) as opened_after,
        quantile_disc(guess, 0.5) over (
            partition by repository_id
            order by pull_request_number
            rows between 1 following and 10 following
        ) as opened_before
    from guessed
),

tied as (
    select
        *,
        -- a head that was on the default branch long before was opened from there, not merged
        landed_commit_id is not null
            and not (
                landed_by = 'head reachable'
                and coalesce(landed_at < opened_after - interval 1 day, false)
            ) as is_merged
    from bounded
),

opened as (
    select
        *,
        -- least and greatest pass over what is null
        least(
            case when is_merged then landed_at end,
            opened_before,
            greatest(guess, opened_after)
        ) as opened_at
    from tied
),

authorship as (
    select
        own.repository_id,
        own.pull_request_number,
        avg(authorship.model_share) as model_share,
        avg(authorship.human_share) as human_share,
        avg(authorship.automation_share) as automation_share,
        avg(authorship.undeclared_share) as undeclared_share,
        arg_max(authorship.agent, (authorship.model_share, authorship.agent))
            filter (authorship.agent is not null) as agent
    from staging.pull_request_commits as own
    join attribution.commit_authorship as authorship using (repository_id, commit_id)
    join staging.commits using (repository_id, commit_id)
    -- a merge of the default branch into the pull request's says nothing of who wrote it
    where commits.parent_count < 2
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
    'commits and order of numbers' as opened_at_source,
    cast(date_trunc('quarter', opened.opened_at at time zone settings.time_zone) as date) as quarter_start,
    case when opened.is_merged then opened.landed_commit_id end as landed_commit_id,
    case when opened.is_merged then opened.landed_by end as landed_by,
    case when opened.is_merged then opened.landed_at end as merged_at,
    case
        when opened.is_merged then 'merged'
        when opened.own_commits is null or opened.landed_commit_id is not null then 'unknown'
        else 'not merged'
    end as outcome,
    merged_at <= opened.opened_at + to_days(settings.merge_window_days) as is_merged_in_window,
    opened.head_commit_id is not null
        and outcome != 'unknown'
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
    authorship.agent,
    landed_out.commit_id is not null or head_out.commit_id is not null as is_excluded
from opened
cross join raw.settings
left join authorship using (repository_id, pull_request_number)
left join heads using (repository_id, head_commit_id)
left join attribution.excluded_commits as landed_out
    on landed_out.repository_id = opened.repository_id
    and landed_out.commit_id = opened.landed_commit_id
left join attribution.excluded_commits as head_out
    on head_out.repository_id = opened.repository_id
    and head_out.commit_id = opened.head_commit_id;

comment on table marts.pull_requests is 'One row per pull or merge request.';
comment on column marts.pull_requests.repository_id is 'name of the repository';
comment on column marts.pull_requests.pull_request_number is 'number on the forge';
comment on column marts.pull_requests.head_commit_id is 'its head commit; null where only a message names it';
comment on column marts.pull_requests.head_branch is 'head branch where a merge message tells it';
comment on column marts.pull_requests.own_commits is 'its own commits (count); null where not known';
comment on column marts.pull_requests.opened_at is 'when it was opened (UTC): estimated from its first commits and the order of numbers; null where neither it nor its neighbours tell';
comment on column marts.pull_requests.opened_at_source is 'where opened_at comes from';
comment on column marts.pull_requests.quarter_start is 'first day of the quarter in which it was opened';
comment on column marts.pull_requests.landed_commit_id is 'landed change that it became; null: not on the default branch';
comment on column marts.pull_requests.landed_by is 'how that is known: merge message, head reachable, subject number or rebased head';
comment on column marts.pull_requests.merged_at is 'when it landed (UTC); null: not on the default branch';
comment on column marts.pull_requests.outcome is 'merged, not merged (rejected or still open), or unknown (likely aimed at another branch, or opened from a commit that had landed before)';
comment on column marts.pull_requests.is_merged_in_window is 'whether it landed within the merge window after opening; null where not merged';
comment on column marts.pull_requests.is_mature is 'whether it is in the denominator of the success rate: its head and outcome are known and it was opened at least a merge window before the cut-off';
comment on column marts.pull_requests.contributor_id is 'contributor who authored its head commit; null for bots and agents, or where not known';
comment on column marts.pull_requests.model_share is 'mean share of its commits, without merges, by a model (0 to 1)';
comment on column marts.pull_requests.human_share is 'mean share by a human (0 to 1)';
comment on column marts.pull_requests.automation_share is 'mean share by automation (0 to 1)';
comment on column marts.pull_requests.undeclared_share is 'mean share without evidence (0 to 1)';
comment on column marts.pull_requests.author_class is 'class with more than half: model, human, automation or undeclared; mixed where none has';
comment on column marts.pull_requests.agent is 'agent with the largest share; null without one';
comment on column marts.pull_requests.is_excluded is 'whether the settings leave it out: the landed change that it became, its head commit or the author of one of them';
