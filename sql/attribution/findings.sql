create or replace table attribution.findings as
with

commits as (
    select
        repository_id,
        commit_id,
        author_name,
        author_email,
        authored_at,
        committer_name,
        committer_email,
        committed_at
    from staging.commits
),

message_lines as (
    select
        repository_id,
        commit_id,
        line_number,
        is_subject,
        line,
        trailer_key,
        trailer_value,
        dismissed_because
    from attribution.message_lines
),

signals as (
    select
        signal_id,
        position,
        agent,
        is_named,
        place,
        trailer_keys,
        needles,
        pattern,
        author_class,
        tier,
        weight,
        is_fallback,
        exclusions,
        reason,
        repositories
    from raw.signals
),

-- Repositories for which the same limited rules hold share their texts.
rule_scopes as (
    select
        repositories.repository_id,
        coalesce(list(signals.signal_id order by signals.signal_id)
            filter (signals.signal_id is not null), []) as rule_scope
    from (select distinct repository_id from commits) as repositories
    left join signals
        on len(list_filter(
            signals.repositories,
            lambda pattern: repositories.repository_id = pattern
                or repositories.repository_id glob pattern
        )) > 0
    group by repositories.repository_id
),

settings as (
    select agents_since
    from raw.settings
),

-- One arm per place that is read. Another source of evidence is another arm.
texts as (
    select
        repository_id,
        commit_id,
        'commit' as source,
        'author' as place,
        '' as trailer_key,
        author_name || ' <' || author_email || '>' as evidence_text,
        0 as line_number,
        null::varchar as dismissed_because
    from commits
    union all
    select
        repository_id,
        commit_id,
        'commit' as source,
        'committer' as place,
        '' as trailer_key,
        committer_name || ' <' || committer_email || '>' as evidence_text,
        0 as line_number,
        null::varchar as dismissed_because
    from commits
    union all
    select
        repository_id,
        commit_id,
        'commit' as source,
        if(is_subject, 'subject', 'body') as place,
        '' as trailer_key,
        line as evidence_text,
        line_number,
        dismissed_because
    from message_lines
    union all
    select
        repository_id,
        commit_id,
        'commit' as source,
        'trailer' as place,
        trailer_key,
        trailer_value as evidence_text,
        line_number,
        dismissed_because
    from message_lines
    where trailer_key is not null
    union all
    select
        repository_id,
        commit_id,
        source,
        'branch' as place,
        '' as trailer_key,
        branch as evidence_text,
        0 as line_number,
        null::varchar as dismissed_because
    from attribution.branch_names
),

record_findings as (
    select
        repository_id,
        commit_id,
        signal_id,
        agent,
        model,
        author_class,
        tier,
        source,
        'note' as place,
        matched_text,
        0 as line_number,
        occurrences,
        weight,
        ruled_out_reason is not null as ruled_out,
        ruled_out_reason,
        path,
        first_line,
        lines
    from attribution.record_findings
),

-- Rules meet each text once, however many commits carry it.
distinct_texts as (
    select distinct
        rule_scopes.rule_scope,
        texts.place,
        texts.trailer_key,
        texts.evidence_text
    from texts
    inner join rule_scopes on texts.repository_id = rule_scopes.repository_id
),

signal_needles as (
    select
        signal_id,
        place,
        trailer_keys,
        len(repositories) > 0 as is_limited,
        unnest(if(len(needles) = 0, [''], needles)) as needle
    from signals
    where place != 'name'
),

candidates as (
    select distinct
        distinct_texts.rule_scope,
        distinct_texts.place,
        distinct_texts.trailer_key,
        distinct_texts.evidence_text,
        signal_needles.signal_id
    from distinct_texts
    inner join signal_needles
        on distinct_texts.place = signal_needles.place
            and contains(lower(distinct_texts.evidence_text), signal_needles.needle)
            and (
                distinct_texts.place != 'trailer'
                or list_contains(signal_needles.trailer_keys, distinct_texts.trailer_key)
            )
            and (
                not signal_needles.is_limited
                or list_contains(distinct_texts.rule_scope, signal_needles.signal_id)
            )
),

matches as (
    select
        candidates.rule_scope,
        candidates.place,
        candidates.trailer_key,
        candidates.evidence_text,
        signals.signal_id,
        signals.agent,
        signals.is_named,
        signals.author_class,
        signals.tier,
        signals.weight,
        signals.is_fallback,
        signals.exclusions,
        signals.reason,
        nullif(
            trim(regexp_extract(candidates.evidence_text, signals.pattern, 1)), ''
        ) as model
    from candidates
    inner join signals on candidates.signal_id = signals.signal_id
    where regexp_matches(candidates.evidence_text, signals.pattern)
),

judged as (
    select
        *,
        bool_or(not is_fallback) over same_text as is_known,
        min(if(author_class = 'not-evidence' and not is_fallback, reason, null))
            over same_text as text_reason
    from matches
    window same_text as (partition by rule_scope, place, trailer_key, evidence_text)
),

names as (
    select
        named_texts.evidence_text,
        arg_min(signals.agent, signals.position) as agent
    from (select distinct evidence_text from matches where is_named) as named_texts
    inner join signals
        on signals.place = 'name'
            and regexp_matches(named_texts.evidence_text, signals.pattern)
    group by named_texts.evidence_text
),

applied as (
    select
        texts.repository_id,
        texts.commit_id,
        texts.source,
        judged.signal_id,
        judged.place,
        coalesce(judged.agent, if(judged.is_named, names.agent, null)) as agent,
        judged.model,
        judged.author_class,
        judged.tier,
        judged.weight,
        if(
            texts.place = 'trailer',
            texts.trailer_key || ': ' || texts.evidence_text,
            texts.evidence_text
        ) as matched_text,
        texts.line_number,
        case
            when texts.dismissed_because is not null then texts.dismissed_because
            when judged.author_class = 'not-evidence' then judged.reason
            when judged.text_reason is not null then judged.text_reason
            when judged.is_named and names.agent is null then 'names no known agent'
            when len(judged.exclusions) > 0
                then list_filter(
                    judged.exclusions,
                    lambda exclusion: cast(commits.authored_at at time zone 'UTC' as date)
                        between exclusion.from_date and exclusion.to_date
                )[1].reason
        end as text_ruled_out_because,
        cast(
            greatest(commits.authored_at, commits.committed_at) at time zone 'UTC' as date
        ) < settings.agents_since as is_before_agents
    from texts
    inner join rule_scopes on texts.repository_id = rule_scopes.repository_id
    inner join judged
        on rule_scopes.rule_scope = judged.rule_scope
            and texts.place = judged.place
            and texts.trailer_key = judged.trailer_key
            and texts.evidence_text = judged.evidence_text
    inner join commits
        on texts.repository_id = commits.repository_id and texts.commit_id = commits.commit_id
    left join names on judged.evidence_text = names.evidence_text
    cross join settings
    where not (judged.is_fallback and judged.is_known)
),

ruled as (
    select
        *,
        case
            when text_ruled_out_because is not null then text_ruled_out_because
            when is_before_agents and author_class = 'model' and tier = 'indicated'
                then 'written before coding agents existed'
            -- a pointer and the record that it points to are one piece of evidence
            when place = 'trailer' and (repository_id, commit_id, matched_text) in (
                select (repository_id, commit_id, matched_text)
                from record_findings
                where source = 'checkpoint'
            ) then 'the record that it points to tells more'
        end as ruled_out_reason
    from applied
)

select
    repository_id,
    commit_id,
    signal_id,
    agent,
    model,
    author_class,
    tier,
    source,
    place,
    matched_text,
    min(line_number) as line_number,
    count(*) as occurrences,
    weight,
    ruled_out_reason is not null as ruled_out,
    ruled_out_reason,
    null::varchar as path,
    null::integer as first_line,
    null::integer as lines
from ruled
group by all
union all
select *
from record_findings
;

comment on table attribution.findings is
'One row per piece of evidence on who wrote a commit: a rule and a text or a run of lines that it matched, with what was ruled out and why.';
comment on column attribution.findings.repository_id is 'Repository the commit was read from.';
comment on column attribution.findings.commit_id is 'Commit that the evidence is about.';
comment on column attribution.findings.signal_id is 'Rule of the catalogue (raw.signals) that matched.';
comment on column attribution.findings.agent is 'Agent or bot that the evidence names; NULL where it names none.';
comment on column attribution.findings.model is 'Model as the text tells it; NULL where it tells none.';
comment on column attribution.findings.author_class is 'What the evidence speaks for: model, automation, human, or not-evidence.';
comment on column attribution.findings.tier is 'How sure: attested, declared or indicated; NULL for not-evidence.';
comment on column attribution.findings.source is 'Where it was read: commit, pull request (its branch), branch, note, trace or checkpoint.';
comment on column attribution.findings.place is 'What matched: author, committer, subject, trailer, body, branch or note.';
comment on column attribution.findings.matched_text is 'The text that matched: an identity, a trailer with its key in small letters, a line, a branch, or where a record stands and the tool that it names.';
comment on column attribution.findings.line_number is 'First line of the message that holds the text, from 1; 0 for what is not in the message.';
comment on column attribution.findings.occurrences is 'How many lines of the message hold the same text.';
comment on column attribution.findings.weight is 'Share of the lines that the evidence credits, of the commit or of its run of lines, above 0 and at most 1; NULL for not-evidence.';
comment on column attribution.findings.ruled_out is 'Whether the finding counts for nothing.';
comment on column attribution.findings.ruled_out_reason is 'Why it counts for nothing; NULL where it counts.';
comment on column attribution.findings.path is 'File of a run of attested lines; NULL for evidence on the whole commit.';
comment on column attribution.findings.first_line is 'First line of the run in the file after the commit, from 1; NULL for evidence on the whole commit.';
comment on column attribution.findings.lines is 'Length of the run (lines); NULL for evidence on the whole commit.';
