create or replace table attribution.change_authorship as
with shares as (
    select * from attribution.change_parts
),

contributors as (
    select repository_id, landed_commit_id, contributor_id, main.exact_sum(share) as share
    from shares
    where contributor_id is not null
    group by all
),

main_contributors as (
    -- ties go by id, so that equal data give equal rows
    select repository_id, landed_commit_id, arg_max(contributor_id, (share, contributor_id)) as contributor_id
    from contributors
    group by repository_id, landed_commit_id
),

agents as (
    select
        repository_id,
        landed_commit_id,
        agent,
        main.exact_sum(share * model_share) as model_share,
        arg_max(model, (share * model_share, commit_id)) filter (model is not null) as model
    from shares
    where agent is not null
    group by all
),

main_agents as (
    select
        repository_id,
        landed_commit_id,
        arg_max(agent, (model_share, agent)) as agent,
        arg_max(model, (model_share, agent)) as model
    from agents
    group by repository_id, landed_commit_id
)

select
    repository_id,
    landed_commit_id as commit_id,
    count(*) as commits,
    main.exact_sum(share * model_share) as model_share,
    main.exact_sum(share * human_share) as human_share,
    main.exact_sum(share * automation_share) as automation_share,
    main.exact_sum(share * undeclared_share) as undeclared_share,
    main.exact_sum(share * attested_share) as attested_share,
    main.exact_sum(share * declared_share) as declared_share,
    main.exact_sum(share * indicated_share) as indicated_share,
    case
        when bool_or(tier = 'attested') then 'attested'
        when bool_or(tier = 'declared') then 'declared'
        when bool_or(tier = 'indicated') then 'indicated'
        else 'none'
    end as tier,
    any_value(main_agents.agent) as agent,
    any_value(main_agents.model) as model,
    any_value(main_contributors.contributor_id) as contributor_id
from shares
left join main_agents using (repository_id, landed_commit_id)
left join main_contributors using (repository_id, landed_commit_id)
group by repository_id, landed_commit_id;

comment on table attribution.change_authorship is 'One row per landed change.';
comment on column attribution.change_authorship.repository_id is 'name of the repository';
comment on column attribution.change_authorship.commit_id is 'the landed change';
comment on column attribution.change_authorship.commits is 'commits that its lines are attributed by (count)';
comment on column attribution.change_authorship.model_share is 'share of its code lines that a model wrote, by the evidence (0 to 1)';
comment on column attribution.change_authorship.human_share is 'share that a human wrote: commits without evidence before agents existed (0 to 1)';
comment on column attribution.change_authorship.automation_share is 'share that automation wrote (0 to 1)';
comment on column attribution.change_authorship.undeclared_share is 'share without evidence either way (0 to 1)';
comment on column attribution.change_authorship.attested_share is 'part of the model share from line-level records (0 to 1)';
comment on column attribution.change_authorship.declared_share is 'part of the model share from identities and trailers (0 to 1)';
comment on column attribution.change_authorship.indicated_share is 'part of the model share from body text and branch names (0 to 1)';
comment on column attribution.change_authorship.tier is 'strongest tier of evidence: attested, declared, indicated or none';
comment on column attribution.change_authorship.agent is 'agent with the largest share; null without one';
comment on column attribution.change_authorship.model is 'model with the largest share, where told';
comment on column attribution.change_authorship.contributor_id is 'contributor with the largest share of its lines; null for bots and agents';
