create or replace table attribution.commit_authorship as
with evidence as (
    select * from attribution.evidence_authorship
),

overridden as (
    select
        repository_id,
        commit_id,
        least(main.exact_sum(share), 1) as share,
        coalesce(main.exact_sum(case when author_class = 'model' then share end), 0) as model_share,
        coalesce(main.exact_sum(case when author_class = 'human' then share end), 0) as human_share,
        coalesce(main.exact_sum(case when author_class = 'automation' then share end), 0) as automation_share,
        coalesce(main.exact_sum(case when author_class = 'undeclared' then share end), 0) as undeclared_share,
        arg_max(agent, (share, position)) filter (author_class = 'model') as model_agent,
        arg_max(agent, (share, position)) filter (author_class = 'automation') as automation_agent
    from attribution.commit_overrides
    group by repository_id, commit_id
    having main.exact_sum(share) > 0
),

-- what the settings say, and for the rest of the lines what the evidence says
parts as (
    select
        overridden.*,
        -- parts of a whole may miss 1 by rounding
        round(1 - overridden.share, 12) as rest,
        evidence.agent as evidence_agent,
        rest * evidence.model_share as rest_model,
        rest * evidence.automation_share as rest_automation
    from overridden
    join evidence using (repository_id, commit_id)
),

settled as (
    select
        parts.repository_id,
        parts.commit_id,
        parts.model_share + parts.rest_model as model_share,
        parts.human_share + parts.rest * evidence.human_share as human_share,
        parts.automation_share + parts.rest_automation as automation_share,
        parts.undeclared_share + parts.rest * evidence.undeclared_share as undeclared_share,
        parts.rest * evidence.attested_share as attested_share,
        -- the settings are a declaration
        parts.model_share + parts.rest * evidence.declared_share as declared_share,
        parts.rest * evidence.indicated_share as indicated_share,
        case
            when parts.rest > 0 and evidence.tier = 'attested' then 'attested'
            when parts.undeclared_share < parts.share then 'declared'
            when parts.rest > 0 then evidence.tier
            else 'none'
        end as tier,
        case
            when parts.model_share > parts.rest_model then parts.model_agent
            when parts.rest_model > 0 then parts.evidence_agent
            when parts.automation_share > parts.rest_automation then parts.automation_agent
            when parts.rest_automation > 0 then parts.evidence_agent
        end as agent,
        parts.rest
    from parts
    join evidence using (repository_id, commit_id)
)

select
    evidence.* replace (
        coalesce(settled.model_share, evidence.model_share) as model_share,
        coalesce(settled.human_share, evidence.human_share) as human_share,
        coalesce(settled.automation_share, evidence.automation_share) as automation_share,
        coalesce(settled.undeclared_share, evidence.undeclared_share) as undeclared_share,
        coalesce(settled.attested_share, evidence.attested_share) as attested_share,
        coalesce(settled.declared_share, evidence.declared_share) as declared_share,
        coalesce(settled.indicated_share, evidence.indicated_share) as indicated_share,
        coalesce(settled.tier, evidence.tier) as tier,
        if(settled.commit_id is null, evidence.agent, settled.agent) as agent,
        if(settled.commit_id is null or settled.agent = evidence.agent, evidence.model, null) as model,
        if(settled.rest = 0, [], evidence.signals) as signals
    ),
    settled.commit_id is not null as is_overridden
from evidence
left join settled using (repository_id, commit_id);

comment on table attribution.commit_authorship is
'One row per commit: who wrote it, as shares of its lines that add up to 1: what the settings say of it, and by the evidence in the commit and in the records on it.';
comment on column attribution.commit_authorship.repository_id is 'Repository the commit was read from.';
comment on column attribution.commit_authorship.commit_id is 'The commit.';
comment on column attribution.commit_authorship.model_share is 'Share credited to a model, 0 to 1.';
comment on column attribution.commit_authorship.human_share is 'Share known to be human, 0 to 1: declared, or written before coding agents existed.';
comment on column attribution.commit_authorship.automation_share is 'Share credited to automation, 0 to 1.';
comment on column attribution.commit_authorship.undeclared_share is 'Share without evidence either way, 0 to 1. Never to be read as human.';
comment on column attribution.commit_authorship.attested_share is 'Part of the model share from line-level records, 0 to 1.';
comment on column attribution.commit_authorship.declared_share is 'Part of the model share from the settings, identities, trailers and checkpoints, 0 to 1.';
comment on column attribution.commit_authorship.indicated_share is 'Part of the model share from body text and branch names, 0 to 1.';
comment on column attribution.commit_authorship.tier is 'Tier of what decides: attested, declared (the settings are a declaration) or indicated; none without anything.';
comment on column attribution.commit_authorship.agent is 'Agent or bot with the larger part; NULL without one.';
comment on column attribution.commit_authorship.model is 'Model as the evidence on this agent tells it; NULL where none does.';
comment on column attribution.commit_authorship.signals is 'Rules whose findings count, in alphabetical order; empty without one.';
comment on column attribution.commit_authorship.is_overridden is 'Whether the settings say who wrote some of it.';
