create or replace view attribution.record_findings as
with

claims as (
    select * from attribution.record_claims
),

lines as (
    select * from attribution.attested_lines
),

rules as (
    select
        evidence_text,
        signal_id,
        agent,
        author_class,
        tier,
        weight,
        reason
    from attribution.record_rules
),

line_findings as (
    select
        repository_id,
        commit_id,
        signal_id,
        agent,
        model,
        author_class,
        tier,
        source,
        matched_text,
        1 as occurrences,
        weight,
        null::varchar as ruled_out_reason,
        path,
        first_line,
        lines
    from lines
),

-- A record of which no line counts is one finding, with why.
void_findings as (
    select
        claims.repository_id,
        claims.commit_id,
        claims.signal_id,
        claims.agent,
        claims.model,
        claims.author_class,
        claims.tier,
        claims.source,
        claims.matched_text,
        count(*) as occurrences,
        max(claims.weight) as weight,
        coalesce(
            any_value(claims.ruled_out_reason), 'names no line that the commit added'
        ) as ruled_out_reason,
        null::varchar as path,
        null::integer as first_line,
        null::integer as lines
    from claims
    anti join lines
        on claims.repository_id = lines.repository_id
            and claims.commit_id = lines.commit_id
            and claims.signal_id = lines.signal_id
            and claims.matched_text = lines.matched_text
            and claims.author_class = lines.author_class
            and claims.model is not distinct from lines.model
    group by all
),

sessions as (
    select
        repository_id,
        checkpoint_id,
        ref || coalesce(' ' || tool, '') as evidence_text,
        model,
        share
    from raw.checkpoints
    -- the sessions of a checkpoint share one count of lines: the one that tells most speaks
    qualify
        row_number() over (
            partition by repository_id, checkpoint_id
            order by share is null, tool is null, share desc, model is null, session
        ) = 1
),

pointers as (
    select distinct
        repository_id,
        commit_id,
        trailer_key,
        trailer_value
    from attribution.message_lines
    where trailer_key = 'entire-checkpoint' and dismissed_because is null
),

checkpoint_findings as (
    select
        pointers.repository_id,
        pointers.commit_id,
        rules.signal_id,
        rules.agent,
        sessions.model,
        rules.author_class,
        rules.tier,
        'checkpoint' as source,
        pointers.trailer_key || ': ' || pointers.trailer_value as matched_text,
        1 as occurrences,
        coalesce(nullif(sessions.share, 0), rules.weight) as weight,
        case
            when rules.author_class = 'not-evidence' then rules.reason
            when sessions.share = 0 then 'the checkpoint counts none of the lines as the agent''s'
        end as ruled_out_reason,
        null::varchar as path,
        null::integer as first_line,
        null::integer as lines
    from pointers
    inner join sessions
        on pointers.repository_id = sessions.repository_id
            and pointers.trailer_value = sessions.checkpoint_id
    inner join rules
        on sessions.evidence_text = rules.evidence_text
)

select * from line_findings
union all
select * from void_findings
union all
select * from checkpoint_findings
;

comment on view attribution.record_findings is
'One row per piece of evidence from a record outside the commit: a run of attested lines, a record of which no line counts, or a checkpoint.';
comment on column attribution.record_findings.repository_id is 'Repository the record was read from.';
comment on column attribution.record_findings.commit_id is 'Commit that the evidence is about.';
comment on column attribution.record_findings.signal_id is 'Rule of the catalogue (raw.signals) that matched.';
comment on column attribution.record_findings.agent is 'Agent that the record names; NULL for people.';
comment on column attribution.record_findings.model is 'Model as the record tells it; NULL where it tells none.';
comment on column attribution.record_findings.author_class is 'What the evidence speaks for: model, automation, human, or not-evidence.';
comment on column attribution.record_findings.tier is 'How sure: attested, declared or indicated; NULL for not-evidence.';
comment on column attribution.record_findings.source is 'Kind of record: note, trace or checkpoint.';
comment on column attribution.record_findings.matched_text is 'Where the record stands and the tool that it names, or the trailer that points to it.';
comment on column attribution.record_findings.occurrences is 'Runs of lines that the record names (count); 1 for a run that counts.';
comment on column attribution.record_findings.weight is 'Share credited, above 0 and at most 1: of the run''s lines, or for a checkpoint of the commit''s; NULL for not-evidence.';
comment on column attribution.record_findings.ruled_out_reason is 'Why it counts for nothing; NULL where it counts.';
comment on column attribution.record_findings.path is 'File of a run of attested lines; NULL for a finding on the whole commit.';
comment on column attribution.record_findings.first_line is 'First line of the run, from 1; NULL for a finding on the whole commit.';
comment on column attribution.record_findings.lines is 'Length of the run (lines); NULL for a finding on the whole commit.';
