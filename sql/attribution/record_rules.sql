create or replace table attribution.record_rules as
with

signals as (
    select
        signal_id,
        position,
        agent,
        is_named,
        place,
        pattern,
        author_class,
        tier,
        weight,
        reason
    from raw.signals
),

texts as (
    select ref, tool from raw.record_lines
    union
    select ref, tool from raw.checkpoints
),

evidence as (
    select
        ref || coalesce(' ' || tool, '') as evidence_text,
        any_value(tool) as tool
    from texts
    group by evidence_text
),

-- one that says "no evidence" goes before the others
rules as (
    select
        evidence.evidence_text,
        arg_min(signals, (signals.author_class != 'not-evidence', signals.position)) as rule
    from evidence
    inner join signals
        on signals.place = 'note' and regexp_matches(evidence.evidence_text, signals.pattern)
    group by evidence.evidence_text
),

names as (
    select
        evidence.evidence_text,
        arg_min(signals.agent, signals.position) as agent
    from evidence
    inner join signals
        on signals.place = 'name' and regexp_matches(evidence.tool, signals.pattern)
    group by evidence.evidence_text
)

select
    evidence.evidence_text,
    rules.rule.signal_id as signal_id,
    rules.rule.position as position,
    if(
        rules.rule.is_named,
        coalesce(names.agent, evidence.tool, 'unnamed model'),
        rules.rule.agent
    ) as agent,
    rules.rule.author_class as author_class,
    rules.rule.tier as tier,
    rules.rule.weight as weight,
    rules.rule.reason as reason
from evidence
inner join rules on evidence.evidence_text = rules.evidence_text
left join names on evidence.evidence_text = names.evidence_text
;

comment on table attribution.record_rules is 'One row per text of a record (its ref, and the tool that it names): the rule that holds for it.';
comment on column attribution.record_rules.evidence_text is 'the ref, and after a space the tool where one is named';
comment on column attribution.record_rules.signal_id is 'the rule, as in raw.signals';
comment on column attribution.record_rules.position is 'its place among the rules (count)';
comment on column attribution.record_rules.agent is 'the agent: by the rule, or by the name of the tool';
comment on column attribution.record_rules.author_class is 'what the rule says of the author: model, human, automation or not-evidence';
comment on column attribution.record_rules.tier is 'how strong the evidence is';
comment on column attribution.record_rules.weight is 'share of the lines that it speaks for (0 to 1)';
comment on column attribution.record_rules.reason is 'why it is no evidence; null where it is';
