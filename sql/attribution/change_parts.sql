create or replace table attribution.change_parts as
with change_commits as (
    select * from attribution.change_commits
),

authorship as (
    select * from attribution.commit_authorship
),

-- what the landed change tells of itself: its own records and message
landed as (
    select
        parts.repository_id,
        parts.landed_commit_id,
        any_value(itself.model_share) as model_share,
        any_value(itself.agent) as agent,
        any_value(itself.model) as model,
        any_value(itself.tier) as tier,
        -- an agent that no commit names may have the lines that the commits leave open
        any_value(parts.kind) = 'squash'
            and any_value(itself.model_share) > 0
            and not coalesce(
                bool_or(authorship.model_share > 0 and coalesce(authorship.agent = itself.agent, true)),
                false
            ) as adds_model
    from change_commits as parts
    join authorship as itself
        on itself.repository_id = parts.repository_id and itself.commit_id = parts.landed_commit_id
    join authorship
        on authorship.repository_id = parts.repository_id and authorship.commit_id = parts.commit_id
    group by parts.repository_id, parts.landed_commit_id
),

parts as (
    -- line by line records of a squash leave nothing for its commits to tell
    select repository_id, landed_commit_id, landed_commit_id as commit_id, 'itself' as kind
    from landed
    where tier = 'attested'
    union all
    select change_commits.repository_id, change_commits.landed_commit_id, change_commits.commit_id, change_commits.kind
    from change_commits
    join landed using (repository_id, landed_commit_id)
    where landed.tier != 'attested'
),

sized as (
    select
        parts.*,
        coalesce(sizes.code_lines, 0) as code_lines,
        -- commits without code lines count only where no commit has any
        case
            when sum(coalesce(sizes.code_lines, 0)) over change > 0
                then coalesce(sizes.code_lines, 0) / sum(coalesce(sizes.code_lines, 0)) over change
            else 1 / count(*) over change
        end as share
    from parts
    left join attribution.commit_sizes as sizes using (repository_id, commit_id)
    window change as (partition by parts.repository_id, parts.landed_commit_id)
),

joined as (
    select
        sized.repository_id,
        sized.landed_commit_id,
        sized.commit_id,
        sized.kind,
        sized.share,
        authorship.* exclude (repository_id, commit_id, signals),
        commit_contributors.contributor_id,
        landed.model_share as landed_model_share,
        landed.agent as landed_agent,
        landed.model as landed_model,
        landed.tier as landed_tier,
        landed.adds_model and authorship.model_share = 0 as is_by_landed
    from sized
    join authorship using (repository_id, commit_id)
    join landed using (repository_id, landed_commit_id)
    left join attribution.commit_contributors using (repository_id, commit_id)
)

select
    repository_id,
    landed_commit_id,
    commit_id,
    kind,
    share,
    if(is_by_landed, undeclared_share * landed_model_share, model_share) as model_share,
    human_share,
    automation_share,
    if(is_by_landed, undeclared_share * (1 - landed_model_share), undeclared_share) as undeclared_share,
    if(is_by_landed, landed_tier, tier) as tier,
    if(is_by_landed, landed_agent, agent) as agent,
    if(is_by_landed, landed_model, model) as model,
    contributor_id,
    is_by_landed
from joined;

comment on table attribution.change_parts is 'One row per landed change and commit that its lines are split over.';
comment on column attribution.change_parts.repository_id is 'name of the repository';
comment on column attribution.change_parts.landed_commit_id is 'the landed change';
comment on column attribution.change_parts.commit_id is 'a commit that its lines are attributed by';
comment on column attribution.change_parts.kind is 'how the commit came into the change: merge, squash, or itself';
comment on column attribution.change_parts.share is 'share of the change''s lines that goes to it: its code lines over those of all; equal shares where none has any (0 to 1)';
comment on column attribution.change_parts.model_share is 'share of those that a model wrote, by the evidence (0 to 1)';
comment on column attribution.change_parts.human_share is 'share that a human wrote (0 to 1)';
comment on column attribution.change_parts.automation_share is 'share that automation wrote (0 to 1)';
comment on column attribution.change_parts.undeclared_share is 'share without evidence either way (0 to 1)';
comment on column attribution.change_parts.tier is 'tier of the evidence that decides: attested, declared, indicated or none';
comment on column attribution.change_parts.agent is 'agent or bot of that evidence; null without one';
comment on column attribution.change_parts.model is 'model of that evidence, where told';
comment on column attribution.change_parts.contributor_id is 'contributor who authored the commit; null for a bot or a coding agent';
comment on column attribution.change_parts.is_by_landed is 'whether its model share comes from the squash: an agent that only the squash''s message names has the lines that the commits leave open';
