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
        any_value(itself.attested_share) as attested_share,
        any_value(itself.declared_share) as declared_share,
        any_value(itself.indicated_share) as indicated_share,
        any_value(itself.agent) as agent,
        any_value(itself.model) as model,
        -- an agent that no commit names may have the lines that the commits leave open
        any_value(parts.kind) = 'squash'
            and any_value(itself.declared_share + itself.indicated_share) > 0
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

sized as (
    select
        parts.repository_id,
        parts.landed_commit_id,
        parts.commit_id,
        parts.kind,
        coalesce(sizes.code_lines, 0) as code_lines,
        -- commits without code lines count only where no commit has any
        case
            when sum(coalesce(sizes.code_lines, 0)) over change > 0
                then coalesce(sizes.code_lines, 0) / sum(coalesce(sizes.code_lines, 0)) over change
            else 1 / count(*) over change
        end as share
    from change_commits as parts
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
        -- line by line records on a squash go before what its commits tell
        if(sized.kind = 'squash', landed.attested_share, 0) as by_records,
        landed.declared_share as landed_declared_share,
        landed.indicated_share as landed_indicated_share,
        landed.agent as landed_agent,
        landed.model as landed_model,
        landed.adds_model and authorship.model_share = 0 as is_by_landed
    from sized
    join authorship using (repository_id, commit_id)
    join landed using (repository_id, landed_commit_id)
    left join attribution.commit_contributors using (repository_id, commit_id)
),

-- of the lines that no record on the squash names
rests as (
    select
        * replace (
            if(is_by_landed, 0, attested_share) as attested_share,
            if(is_by_landed, undeclared_share * opened.declared, declared_share) as declared_share,
            if(is_by_landed, undeclared_share * opened.indicated, indicated_share) as indicated_share,
            if(is_by_landed, undeclared_share * (1 - opened.declared - opened.indicated), undeclared_share)
                as undeclared_share,
            if(is_by_landed, undeclared_share * (opened.declared + opened.indicated), model_share) as model_share,
            case
                when not is_by_landed then tier
                when landed_declared_share > 0 then 'declared'
                else 'indicated'
            end as tier,
            if(is_by_landed, landed_agent, agent) as agent,
            if(is_by_landed, landed_model, model) as model
        )
    from (
        select
            *,
            {
                'declared': coalesce(landed_declared_share / nullif(1 - by_records, 0), 0),
                'indicated': coalesce(landed_indicated_share / nullif(1 - by_records, 0), 0)
            } as opened
        from joined
    )
)

select
    repository_id,
    landed_commit_id,
    commit_id,
    kind,
    share,
    by_records + (1 - by_records) * model_share as model_share,
    (1 - by_records) * human_share as human_share,
    (1 - by_records) * automation_share as automation_share,
    (1 - by_records) * undeclared_share as undeclared_share,
    by_records + (1 - by_records) * attested_share as attested_share,
    (1 - by_records) * declared_share as declared_share,
    (1 - by_records) * indicated_share as indicated_share,
    if(by_records > 0, 'attested', tier) as tier,
    if(by_records > (1 - by_records) * model_share, landed_agent, agent) as agent,
    if(by_records > (1 - by_records) * model_share, landed_model, model) as model,
    contributor_id,
    is_by_landed
from rests;

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
comment on column attribution.change_parts.attested_share is 'part of the model share from line-level records, on the commit or on the squash (0 to 1)';
comment on column attribution.change_parts.declared_share is 'part of the model share from the settings, identities and trailers (0 to 1)';
comment on column attribution.change_parts.indicated_share is 'part of the model share from body text and branch names (0 to 1)';
comment on column attribution.change_parts.tier is 'tier of the surest evidence that credits lines: attested, declared, indicated or none';
comment on column attribution.change_parts.agent is 'agent or bot with the larger part; null without one';
comment on column attribution.change_parts.model is 'model of that agent, where told';
comment on column attribution.change_parts.contributor_id is 'contributor who authored the commit; null for a bot or a coding agent';
comment on column attribution.change_parts.is_by_landed is 'whether its declared or indicated share comes from the squash: an agent that only the squash''s message names has the lines that the commits leave open';
