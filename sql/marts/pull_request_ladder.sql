create or replace table marts.pull_request_ladder as
with survival as (
    select
        changes.repository_id,
        changes.pull_request_number,
        sum(lived.lines_written) as lines_written,
        sum(lived.lines_alive_90_days) as lines_alive_90_days,
        sum(lived.lines_died_90_days + lived.lines_alive_90_days) as lines_known
    from staging.pull_request_changes as changes
    left join marts.change_survival as lived using (repository_id, commit_id)
    group by changes.repository_id, changes.pull_request_number
    -- of a rebased pull request every commit has to be known
    having count(lived.lines_written) = count(*)
),

-- one that landed by several commits is reverted when half of them are
reverts as (
    select
        changes.repository_id,
        changes.pull_request_number,
        list_sort(list(reverted.reverted_at) filter (reverted.reverted_at is not null)) as times,
        times[(count(*) + 1) // 2] as reverted_at
    from staging.pull_request_changes as changes
    left join marts.change_reverts as reverted using (repository_id, commit_id)
    group by changes.repository_id, changes.pull_request_number
),

pulls as (
    select
        pulls.repository_id,
        pulls.pull_request_number,
        pulls.opened_at,
        pulls.quarter_start,
        pulls.author_class,
        pulls.agent,
        pulls.contributor_id,
        pulls.landed_commit_id,
        pulls.landed_at,
        pulls.head_commit_id is not null or pulls.state is not null as is_listed,
        -- what goes to another branch has no life on this one
        coalesce(pulls.base_branch = repositories.default_branch, true) as is_for_default_branch,
        pulls.is_mature,
        is_mature and coalesce(pulls.is_merged_in_window, false) as has_merged,
        settings.merge_window_days,
        (epoch(cutoff.cutoff_at) - epoch(pulls.opened_at)) / 86400 as age_days
    from marts.pull_requests as pulls
    -- without a clone, what forges and files tell is all there is
    left join raw.repositories using (repository_id)
    cross join marts.cutoff
    cross join raw.settings
    where not pulls.is_excluded and pulls.opened_at <= cutoff.cutoff_at
),

judged as (
    select
        pulls.*,
        coalesce(reverts.reverted_at <= pulls.landed_at + interval 30 days, false) as is_reverted,
        has_merged and not is_reverted as has_stayed,
        has_merged and pulls.landed_commit_id is null as is_lost,
        pulls.is_mature and is_for_default_branch and age_days >= merge_window_days + 30 as is_old_for_reverts,
        pulls.is_mature and is_for_default_branch and age_days >= merge_window_days + 90 as is_old_for_lines,
        survival.lines_written,
        case
            -- without a code line there is nothing that could go
            when survival.lines_written = 0 then 1
            else survival.lines_alive_90_days / nullif(survival.lines_known, 0)
        end as alive_share
    from pulls
    left join reverts
        on reverts.repository_id = pulls.repository_id
        and reverts.pull_request_number = pulls.pull_request_number
        and pulls.landed_commit_id is not null
    left join survival
        on survival.repository_id = pulls.repository_id
        and survival.pull_request_number = pulls.pull_request_number
        and pulls.landed_commit_id is not null
)

select
    judged.repository_id,
    judged.pull_request_number,
    judged.quarter_start,
    judged.author_class,
    judged.agent,
    coalesce(tiers.tier, 'not known') as tier,
    judged.contributor_id,
    judged.is_listed,
    judged.age_days,
    case when judged.is_mature then judged.has_merged end as is_merged,
    case when judged.is_old_for_reverts and not judged.is_lost then judged.has_stayed end as is_not_reverted,
    case
        when not judged.is_old_for_lines or judged.is_lost then null
        when not judged.has_stayed then false
        else judged.alive_share >= 0.5
    end as is_alive,
    judged.is_old_for_reverts and judged.is_lost as is_landing_unknown,
    judged.is_old_for_lines and judged.has_stayed and judged.alive_share is null as is_life_unknown,
    judged.lines_written = 0 as has_no_code
from judged
left join marts.pull_request_tiers as tiers using (repository_id, pull_request_number);

comment on table marts.pull_request_ladder is 'One row per pull request that was opened up to the cut-off and is not excluded: how far it came.';
comment on column marts.pull_request_ladder.repository_id is 'name of the repository';
comment on column marts.pull_request_ladder.pull_request_number is 'number on the forge';
comment on column marts.pull_request_ladder.quarter_start is 'first day of the quarter in which it was opened';
comment on column marts.pull_request_ladder.author_class is 'who wrote most of its commits: model, human, automation, undeclared or mixed';
comment on column marts.pull_request_ladder.agent is 'agent with the largest share; null without one';
comment on column marts.pull_request_ladder.tier is 'trivial, routine, substantial or open-ended; not known without its diff';
comment on column marts.pull_request_ladder.contributor_id is 'contributor who authored its head commit; null for bots and agents';
comment on column marts.pull_request_ladder.is_listed is 'whether it is known from more than the message of what it became; those that were never merged leave no message';
comment on column marts.pull_request_ladder.age_days is 'time from its opening to the cut-off (days)';
comment on column marts.pull_request_ladder.is_merged is 'whether it was merged within the merge window; null: younger than that, or outcome not known';
comment on column marts.pull_request_ladder.is_not_reverted is 'whether it was, and was not reverted within 30 days of its landing; null: younger than both windows, for another branch than the default one, or what it became is not known';
comment on column marts.pull_request_ladder.is_alive is 'whether, too, at least half of its code lines lived 90 days after its landing; null: younger than that, for another branch, or its lines were not followed';
comment on column marts.pull_request_ladder.is_landing_unknown is 'whether it was merged and is old enough, but what it became is not known';
comment on column marts.pull_request_ladder.is_life_unknown is 'whether it stayed and is old enough, but its lines were not followed';
comment on column marts.pull_request_ladder.has_no_code is 'whether it wrote no code line, so that none could go; null: not known';
