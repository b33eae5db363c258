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
    where not ruled_out
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

signal_lists as (
    select
        repository_id,
        commit_id,
        list(distinct signal_id order by signal_id) as signals
    from findings
    group by repository_id, commit_id
),

shares as (
    select
        commits.repository_id,
        commits.commit_id,
        coalesce(strongest.model_weight, 0) as model_share,
        least(coalesce(strongest.human_weight, 0), 1 - coalesce(strongest.model_weight, 0))
            as declared_human_share,
        coalesce(strongest.automation_weight, 0) as automation_weight,
        strongest.tier,
        strongest.agent,
        cast(
            greatest(commits.authored_at, commits.committed_at) at time zone 'UTC' as date
        ) < settings.agents_since as is_before_agents
    from commits
    left join strongest
        on commits.repository_id = strongest.repository_id
            and commits.commit_id = strongest.commit_id
    cross join settings
),

with_automation as (
    select
        *,
        least(automation_weight, 1 - model_share - declared_human_share) as automation_share
    from shares
),

with_rest as (
    select
        *,
        1 - model_share - declared_human_share - automation_share as rest
    from with_automation
)

select
    with_rest.repository_id,
    with_rest.commit_id,
    with_rest.model_share,
    with_rest.declared_human_share + if(with_rest.is_before_agents, with_rest.rest, 0)
        as human_share,
    with_rest.automation_share,
    if(with_rest.is_before_agents, 0, with_rest.rest) as undeclared_share,
    coalesce(with_rest.tier, 'none') as tier,
    with_rest.agent,
    models.model,
    coalesce(signal_lists.signals, []) as signals
from with_rest
left join models
    on with_rest.repository_id = models.repository_id
        and with_rest.commit_id = models.commit_id
        and with_rest.agent = models.agent
left join signal_lists
    on with_rest.repository_id = signal_lists.repository_id
        and with_rest.commit_id = signal_lists.commit_id
;

comment on table attribution.evidence_authorship is
'One row per commit: who wrote it by the evidence in the commit itself, as shares of its lines that add up to 1.';
comment on column attribution.evidence_authorship.repository_id is 'Repository the commit was read from.';
comment on column attribution.evidence_authorship.commit_id is 'The commit.';
comment on column attribution.evidence_authorship.model_share is 'Share credited to a model, 0 to 1: the weight of the strongest finding.';
comment on column attribution.evidence_authorship.human_share is 'Share known to be human, 0 to 1: declared, or written before coding agents existed.';
comment on column attribution.evidence_authorship.automation_share is 'Share credited to automation, 0 to 1.';
comment on column attribution.evidence_authorship.undeclared_share is 'Share without evidence either way, 0 to 1. Never to be read as human.';
comment on column attribution.evidence_authorship.tier is 'Tier of the finding that decides: attested, declared or indicated; none without a finding.';
comment on column attribution.evidence_authorship.agent is 'Agent or bot of the finding that decides; NULL without one.';
comment on column attribution.evidence_authorship.model is 'Model as the evidence on this agent tells it; NULL where none does.';
comment on column attribution.evidence_authorship.signals is 'Rules whose findings count, in alphabetical order; empty without one.';
