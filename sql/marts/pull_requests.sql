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

-- When it was opened only the forge knows. Where it did not tell: a pull request is opened when
-- its first commits have been written, so that is the guess; but branches lie about, and heads
-- are replaced later. A forge numbers in the order of opening, so the guess is held between the
-- medians of the ten numbers before and the ten after it; medians, as single neighbours may lie.
guessed as (
    select
        *,
        coalesce(
            created_at,
            case when first_authored_at is not null then least(first_authored_at, landed_at) end
        ) as guess
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
                and coalesce(landed_at < coalesce(created_at, opened_after - interval 1 day), false)
            ) as is_landed,
        -- one that was aimed at another branch was merged, too
        is_landed or coalesce(state = 'merged', false) as is_merged,
        case when is_merged then coalesce(merged_at, case when is_landed then landed_at end) end
            as became_merged_at
    from bounded
),

opened as (
    select
        *,
        coalesce(
            created_at,
            -- least and greatest pass over what is null
            least(became_merged_at, opened_before, greatest(guess, opened_after))
        ) as opened_at
    from tied
),

authorship as (
    select
        own.repository_id,
        own.pull_request_number,
        main.exact_sum(authorship.model_share) / count(*) as model_share,
        main.exact_sum(authorship.human_share) / count(*) as human_share,
        main.exact_sum(authorship.automation_share) / count(*) as automation_share,
        main.exact_sum(authorship.undeclared_share) / count(*) as undeclared_share,
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
),

-- a login that addresses of one contributor bear
logins as (
    select
        lower(accounts.login) as login,
        any_value(identities.contributor_id) as contributor_id
    from attribution.identity_accounts as accounts
    join attribution.identity_addresses as addresses using (node)
    join attribution.identities as identities
        on identities.repository_id = addresses.repository_id
        and identities.name = addresses.name
        and identities.email = addresses.email
    where not identities.is_agent
    group by all
    having count(distinct identities.contributor_id) = 1
),

reviews as (
    select
        repository_id,
        pull_request_number,
        count(*) filter (not is_bot) as reviews,
        count(*) filter (is_bot) as bot_reviews,
        count(*) filter (not is_bot and state = 'approved') as approvals,
        count(*) filter (not is_bot and state = 'changes_requested') as change_requests,
        count(distinct lower(reviewer_login)) filter (not is_bot) as reviewers,
        min(submitted_at) filter (not is_bot) as first_reviewed_at
    from marts.counted_reviews
    group by all
)

select
    opened.repository_id,
    opened.pull_request_number,
    opened.head_commit_id,
    opened.head_branch,
    opened.base_branch,
    opened.own_commits,
    opened.opened_at,
    case
        when opened.created_at is not null then opened.created_at_source
        else 'commits and order of numbers'
    end as opened_at_source,
    main.quarter_of(opened.opened_at at time zone settings.time_zone, settings.fiscal_year_start) as quarter_start,
    opened.state,
    opened.is_draft,
    opened.closed_at,
    case when opened.is_landed then opened.landed_commit_id end as landed_commit_id,
    case when opened.is_landed then opened.landed_by end as landed_by,
    case when opened.is_landed then opened.landed_at end as landed_at,
    opened.became_merged_at as merged_at,
    case
        when opened.became_merged_at is null then null
        when opened.merged_at is not null then opened.merged_at_source
        else 'landed change'
    end as merged_at_source,
    case
        when opened.is_merged then 'merged'
        when opened.state is not null then 'not merged'
        when opened.own_commits is null or opened.landed_commit_id is not null then 'unknown'
        else 'not merged'
    end as outcome,
    opened.became_merged_at <= opened.opened_at + to_days(settings.merge_window_days) as is_merged_in_window,
    (opened.head_commit_id is not null or opened.state is not null)
        and outcome != 'unknown'
        and not (outcome = 'merged' and opened.became_merged_at is null)
        -- what was open when it was last told may have been merged since
        and opened.opened_at <= least(
            opened.cutoff_at,
            case when outcome = 'not merged' and opened.state = 'open' and not opened.has_ref then opened.told_at end
        ) - to_days(settings.merge_window_days) as is_mature,
    opened.author_login,
    opened.author_is_bot,
    coalesce(
        case when not coalesce(opened.author_is_bot, false) then logins.contributor_id end,
        heads.contributor_id
    ) as contributor_id,
    authorship.model_share,
    authorship.human_share,
    authorship.automation_share,
    authorship.undeclared_share,
    case
        when authorship.model_share is null and opened.agent is not null then 'model'
        when authorship.model_share is null then 'undeclared'
        else main.class_of(
            authorship.model_share, authorship.human_share, authorship.automation_share, authorship.undeclared_share
        )
    end as author_class,
    coalesce(authorship.agent, opened.agent) as agent,
    case
        when authorship.agent is not null then 'commits'
        when opened.agent is not null then opened.agent_source
    end as agent_source,
    coalesce(
        reviewed.repository_id is not null or list_has_any(opened.sources, ['github', 'gitlab', 'gitea']),
        false
    ) as are_reviews_told,
    case when are_reviews_told then coalesce(reviews.reviews, 0) end as reviews,
    case when are_reviews_told then coalesce(reviews.bot_reviews, 0) end as bot_reviews,
    case when are_reviews_told then coalesce(reviews.reviewers, 0) end as reviewers,
    case when are_reviews_told then coalesce(reviews.approvals, 0) end as approvals,
    case when are_reviews_told then coalesce(reviews.change_requests, 0) end as change_requests,
    reviews.first_reviewed_at,
    opened.told_at,
    landed_out.commit_id is not null or head_out.commit_id is not null as is_excluded
from opened
cross join raw.settings
left join authorship using (repository_id, pull_request_number)
left join heads using (repository_id, head_commit_id)
left join logins on logins.login = lower(opened.author_login)
left join reviews using (repository_id, pull_request_number)
left join (select distinct repository_id from staging.reviews) as reviewed
    on reviewed.repository_id = opened.repository_id and opened.told_at is not null
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
comment on column marts.pull_requests.head_branch is 'head branch, where a forge or a merge message tells it';
comment on column marts.pull_requests.base_branch is 'branch that it is aimed at; null where no forge told';
comment on column marts.pull_requests.own_commits is 'its own commits (count); null where not known';
comment on column marts.pull_requests.opened_at is 'when it was opened (UTC): as a forge told, else estimated from its first commits and the order of numbers; null where neither it nor its neighbours tell';
comment on column marts.pull_requests.opened_at_source is 'where opened_at comes from: the forge or file, or commits and order of numbers';
comment on column marts.pull_requests.quarter_start is 'first day of the quarter in which it was opened';
comment on column marts.pull_requests.state is 'open, closed (not merged) or merged, as a forge or file last told; null where none did';
comment on column marts.pull_requests.is_draft is 'whether it is a draft; null where not told';
comment on column marts.pull_requests.closed_at is 'when it was closed or merged, as told (UTC)';
comment on column marts.pull_requests.landed_commit_id is 'landed change that it became; null: not on the default branch';
comment on column marts.pull_requests.landed_by is 'how that is known: merge commit, merge message, head reachable, subject number, rebased head or closing line';
comment on column marts.pull_requests.landed_at is 'when that landed: committer time (UTC)';
comment on column marts.pull_requests.merged_at is 'when it was merged (UTC): as a forge told, else when it landed; null: not merged';
comment on column marts.pull_requests.merged_at_source is 'where merged_at comes from: the forge or file, or the landed change';
comment on column marts.pull_requests.outcome is 'merged (by what landed or what a forge told, into whatever branch), not merged (rejected or still open), or unknown (likely aimed at another branch, or opened from a commit that had landed before)';
comment on column marts.pull_requests.is_merged_in_window is 'whether it was merged within the merge window after opening; null where not merged';
comment on column marts.pull_requests.is_mature is 'whether it is in the denominator of the success rate: its outcome is known and it was opened at least a merge window before the cut-off, and, where only a forge tells that it is open, before that was told';
comment on column marts.pull_requests.author_login is 'account that opened it; null where no forge told, or it is gone';
comment on column marts.pull_requests.author_is_bot is 'whether the forge calls that account a bot; null where not told';
comment on column marts.pull_requests.contributor_id is 'contributor whose account opened it, else who authored its head commit; null for bots and agents, or where not known';
comment on column marts.pull_requests.model_share is 'mean share of its commits, without merges, by a model (0 to 1)';
comment on column marts.pull_requests.human_share is 'mean share by a human (0 to 1)';
comment on column marts.pull_requests.automation_share is 'mean share by automation (0 to 1)';
comment on column marts.pull_requests.undeclared_share is 'mean share without evidence (0 to 1)';
comment on column marts.pull_requests.author_class is 'class with more than half: model, human, automation or undeclared; mixed where none has; model where its commits are not known and the source names an agent';
comment on column marts.pull_requests.agent is 'agent with the largest share of its commits, else the one that the source names; null without one';
comment on column marts.pull_requests.agent_source is 'commits, or the forge or file that names it';
comment on column marts.pull_requests.are_reviews_told is 'whether its reviews are known: a forge was asked for them, or a file tells reviews of its repository';
comment on column marts.pull_requests.reviews is 'reviews by others than its author and bots up to the cut-off (count), without pending ones; null where reviews are not told';
comment on column marts.pull_requests.bot_reviews is 'reviews by bots and agents (count); null where reviews are not told';
comment on column marts.pull_requests.reviewers is 'accounts that gave the reviews, without bots (count)';
comment on column marts.pull_requests.approvals is 'of the reviews, approvals (count)';
comment on column marts.pull_requests.change_requests is 'of the reviews, requests for changes (count)';
comment on column marts.pull_requests.first_reviewed_at is 'when the first of them was submitted (UTC); null without one';
comment on column marts.pull_requests.told_at is 'when a forge or file last told of it (UTC); null: the clone alone';
comment on column marts.pull_requests.is_excluded is 'whether the settings leave it out: the landed change that it became, its head commit or the author of one of them';
