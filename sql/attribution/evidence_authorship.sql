create or replace table attribution.evidence_authorship as
with

commits as (
    select
        repository_id,
        commit_id,
        authored_at,
        committed_at
    from staging.commits
),

findings as (
    select
        repository_id,
        commit_id,
        signal_id,
        agent,
        model,
        author_class,
        tier,
        place,
        line_number,
        weight
    from attribution.findings
    where not ruled_out and path is null
),

-- Line by line, for the commits that a record speaks of. Code lines, or all where there are none.
added as (
    select
        added_lines.repository_id,
        added_lines.commit_id,
        coalesce(
            nullif(sum(added_lines.lines) filter (classes.class in ('source', 'test')), 0),
            sum(added_lines.lines)
        ) as lines,
        coalesce(bool_or(classes.class in ('source', 'test')), false) as is_code
    from raw.added_lines
    left join staging.classified_changes as classes
        on added_lines.repository_id = classes.repository_id
            and added_lines.commit_id = classes.commit_id
            and added_lines.path = classes.path
    group by added_lines.repository_id, added_lines.commit_id
),

attested_lines as (
    select
        attested_lines.repository_id,
        attested_lines.commit_id,
        attested_lines.author_class,
        attested_lines.tier,
        attested_lines.agent,
        attested_lines.model,
        attested_lines.lines * attested_lines.weight / added.lines as share
    from attribution.attested_lines
    inner join added
        on attested_lines.repository_id = added.repository_id
            and attested_lines.commit_id = added.commit_id
            and (attested_lines.is_code or not added.is_code)
),

attested as (
    select
        repository_id,
        commit_id,
        coalesce(main.exact_sum(case when author_class = 'model' then share end), 0) as model_share,
        coalesce(main.exact_sum(case when author_class = 'human' then share end), 0) as human_share,
        coalesce(main.exact_sum(case when author_class = 'automation' then share end), 0) as automation_share,
        coalesce(main.exact_sum(case when author_class = 'model' and tier = 'attested' then share end), 0)
            as attested_share,
        coalesce(main.exact_sum(case when author_class = 'model' and tier = 'declared' then share end), 0)
            as declared_share,
        coalesce(main.exact_sum(case when author_class = 'model' and tier = 'indicated' then share end), 0)
            as indicated_share
    from attested_lines
    group by repository_id, commit_id
),

settings as (
    select agents_since
    from raw.settings
),

-- The finding that credits the most decides; among equals the surer, then the identity.
ranked as (
    select
        *,
        row_number() over (
            partition by repository_id, commit_id, author_class
            order by
                weight desc,
                case tier when 'attested' then 1 when 'declared' then 2 else 3 end,
                case place when 'author' then 1 when 'trailer' then 2 else 3 end,
                model is null,
                line_number,
                signal_id
        ) as strength
    from findings
),

strongest as (
    select
        repository_id,
        commit_id,
        coalesce(max(weight) filter (where author_class = 'model'), 0) as model_weight,
        coalesce(max(weight) filter (where author_class = 'human'), 0) as human_weight,
        coalesce(max(weight) filter (where author_class = 'automation'), 0) as automation_weight,
        arg_min(tier, case author_class when 'model' then 1 when 'human' then 2 else 3 end)
            filter (where strength = 1) as tier,
        arg_min(agent, case author_class when 'model' then 1 when 'human' then 2 else 3 end)
            filter (where strength = 1 and author_class != 'human') as agent
    from ranked
    group by repository_id, commit_id
),

models as (
    select
        repository_id,
        commit_id,
        agent,
        arg_min(model, strength) as model
    from ranked
    where author_class = 'model' and model is not null
    group by repository_id, commit_id, agent
),

-- The line-level records go first; evidence on the whole commit speaks for the other lines.
rests as (
    select
        commits.repository_id,
        commits.commit_id,
        coalesce(attested.model_share, 0) as attested_model_share,
        coalesce(attested.human_share, 0) as attested_human_share,
        coalesce(attested.automation_share, 0) as attested_automation_share,
        coalesce(attested.attested_share, 0) as attested_share,
        coalesce(attested.declared_share, 0) as declared_share,
        coalesce(attested.indicated_share, 0) as indicated_share,
        greatest(
            1 - attested_model_share - attested_human_share - attested_automation_share, 0
        ) as unattested,
        coalesce(strongest.model_weight, 0) as model_weight,
        least(coalesce(strongest.human_weight, 0), 1 - model_weight) as human_weight,
        least(coalesce(strongest.automation_weight, 0), 1 - model_weight - human_weight)
            as automation_weight,
        strongest.tier,
        strongest.agent,
        cast(
            greatest(commits.authored_at, commits.committed_at) at time zone 'UTC' as date
        ) < settings.agents_since as is_before_agents
    from commits
    left join strongest
        on commits.repository_id = strongest.repository_id
            and commits.commit_id = strongest.commit_id
    left join attested
        on commits.repository_id = attested.repository_id
            and commits.commit_id = attested.commit_id
    cross join settings
),

shares as (
    select
        *,
        unattested * (1 - model_weight - human_weight - automation_weight) as rest
    from rests
),

agent_shares as (
    select
        repository_id,
        commit_id,
        agent,
        main.exact_sum(share) as share
    from attested_lines
    where author_class = 'model'
    group by repository_id, commit_id, agent
    union all
    select
        repository_id,
        commit_id,
        agent,
        unattested * model_weight as share
    from rests
    where model_weight > 0 and unattested > 0
),

agents as (
    select
        repository_id,
        commit_id,
        arg_max(agent, (share, agent)) as agent
    from (
        select
            repository_id,
            commit_id,
            agent,
            main.exact_sum(share) as share
        from agent_shares
        group by repository_id, commit_id, agent
    )
    group by repository_id, commit_id
),

attested_models as (
    select
        repository_id,
        commit_id,
        agent,
        arg_max(model, (share, model)) as model
    from (
        select
            repository_id,
            commit_id,
            agent,
            model,
            main.exact_sum(share) as share
        from attested_lines
        where author_class = 'model' and model is not null
        group by repository_id, commit_id, agent, model
    )
    group by repository_id, commit_id, agent
),

signal_lists as (
    select
        repository_id,
        commit_id,
        list(distinct signal_id order by signal_id) as signals
    from attribution.findings
    where not ruled_out
    group by repository_id, commit_id
)

select
    shares.repository_id,
    shares.commit_id,
    shares.attested_model_share + shares.unattested * shares.model_weight as model_share,
    shares.attested_human_share
        + shares.unattested * shares.human_weight
        + if(shares.is_before_agents, shares.rest, 0) as human_share,
    shares.attested_automation_share + shares.unattested * shares.automation_weight
        as automation_share,
    if(shares.is_before_agents, 0, shares.rest) as undeclared_share,
    shares.attested_share
        + if(shares.tier = 'attested', shares.unattested * shares.model_weight, 0)
        as attested_share,
    shares.declared_share
        + if(shares.tier = 'declared', shares.unattested * shares.model_weight, 0)
        as declared_share,
    shares.indicated_share
        + if(shares.tier = 'indicated', shares.unattested * shares.model_weight, 0)
        as indicated_share,
    case
        when shares.attested_share > 0 then 'attested'
        when shares.unattested = 0 and shares.attested_human_share > 0 then 'attested'
        when shares.declared_share > 0 then 'declared'
        else coalesce(
            shares.tier, if(shares.attested_human_share > 0, 'attested', null), 'none'
        )
    end as tier,
    if(agents.commit_id is not null, agents.agent, shares.agent) as agent,
    coalesce(attested_models.model, models.model) as model,
    coalesce(signal_lists.signals, []) as signals
from shares
left join agents
    on shares.repository_id = agents.repository_id and shares.commit_id = agents.commit_id
left join attested_models
    on shares.repository_id = attested_models.repository_id
        and shares.commit_id = attested_models.commit_id
        and agents.agent = attested_models.agent
left join models
    on shares.repository_id = models.repository_id
        and shares.commit_id = models.commit_id
        and coalesce(agents.agent, shares.agent) = models.agent
left join signal_lists
    on shares.repository_id = signal_lists.repository_id
        and shares.commit_id = signal_lists.commit_id
;

comment on table attribution.evidence_authorship is
'One row per commit: who wrote it, as shares of its lines that add up to 1, from the evidence in the commit and in the records on it.';
comment on column attribution.evidence_authorship.repository_id is 'Repository the commit was read from.';
comment on column attribution.evidence_authorship.commit_id is 'The commit.';
comment on column attribution.evidence_authorship.model_share is 'Share credited to a model, 0 to 1: the lines that a record names, and of the others the weight of the strongest finding.';
comment on column attribution.evidence_authorship.human_share is 'Share known to be human, 0 to 1: recorded or declared, or written before coding agents existed.';
comment on column attribution.evidence_authorship.automation_share is 'Share credited to automation, 0 to 1.';
comment on column attribution.evidence_authorship.undeclared_share is 'Share without evidence either way, 0 to 1. Never to be read as human.';
comment on column attribution.evidence_authorship.attested_share is 'Part of the model share from line-level records, 0 to 1.';
comment on column attribution.evidence_authorship.declared_share is 'Part of the model share from identities, trailers and checkpoints, 0 to 1.';
comment on column attribution.evidence_authorship.indicated_share is 'Part of the model share from body text and branch names, 0 to 1.';
comment on column attribution.evidence_authorship.tier is 'Tier of the surest finding that credits lines: attested, declared or indicated; none without a finding.';
comment on column attribution.evidence_authorship.agent is 'Agent with the largest share; else the bot of the finding that decides; NULL without one.';
comment on column attribution.evidence_authorship.model is 'Model as the evidence on this agent tells it; NULL where none does.';
comment on column attribution.evidence_authorship.signals is 'Rules whose findings count, in alphabetical order; empty without one.';
