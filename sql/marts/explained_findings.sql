create or replace view marts.explained_findings as
with read as (
    select repository_id, commit_id, part_commit_id, true as is_part, false as is_by_landed
    from marts.explained_parts
    union all
    -- a landed change whose lines are those of other commits
    select
        parts.repository_id,
        parts.commit_id,
        parts.commit_id as part_commit_id,
        false as is_part,
        parts.is_by_landed
    from (
        select repository_id, commit_id, bool_or(is_by_landed) as is_by_landed
        from marts.explained_parts
        group by repository_id, commit_id
    ) as parts
    anti join marts.explained_parts as own
        on own.repository_id = parts.repository_id
        and own.commit_id = parts.commit_id
        and own.part_commit_id = parts.commit_id
),

overridden as (
    select repository_id, commit_id, string_agg(reason, '; ' order by position) as reason
    from attribution.commit_overrides
    group by repository_id, commit_id
    having sum(share) > 1 - 1e-9
)

select
    read.repository_id,
    read.commit_id,
    read.part_commit_id,
    findings.signal_id,
    findings.agent,
    findings.model,
    findings.author_class,
    findings.tier,
    findings.source,
    findings.place,
    findings.matched_text,
    findings.line_number,
    findings.occurrences,
    findings.weight,
    case
        when findings.ruled_out then findings.ruled_out_reason
        when overridden.reason is not null then 'the settings say who wrote it: ' || overridden.reason
        when not read.is_part and not (read.is_by_landed and findings.author_class = 'model')
            then 'the lines of the change are attributed by the commits that it stands for'
    end as ruled_out_reason,
    signals.source as rule_source,
    signals.note as rule_note
from read
join attribution.findings
    on findings.repository_id = read.repository_id
    and findings.commit_id = read.part_commit_id
left join raw.signals using (signal_id)
left join overridden
    on overridden.repository_id = read.repository_id
    and overridden.commit_id = read.part_commit_id;

comment on view marts.explained_findings is 'One row per commit and finding on a commit that its lines are attributed by, or on itself.';
comment on column marts.explained_findings.repository_id is 'name of the repository';
comment on column marts.explained_findings.commit_id is 'the commit that is explained';
comment on column marts.explained_findings.part_commit_id is 'the commit that the finding is on';
comment on column marts.explained_findings.signal_id is 'rule that matched';
comment on column marts.explained_findings.agent is 'agent or bot that the evidence names; null where it names none';
comment on column marts.explained_findings.model is 'model as the text tells it; null where it tells none';
comment on column marts.explained_findings.author_class is 'what the evidence speaks for: model, automation, human or not-evidence';
comment on column marts.explained_findings.tier is 'attested, declared or indicated; null for not-evidence';
comment on column marts.explained_findings.source is 'where the text was read';
comment on column marts.explained_findings.place is 'part of the source that matched';
comment on column marts.explained_findings.matched_text is 'the text that matched';
comment on column marts.explained_findings.line_number is 'first line of the message that holds it, from 1; 0 for identities';
comment on column marts.explained_findings.occurrences is 'lines of the message that hold it (count)';
comment on column marts.explained_findings.weight is 'share of the commit''s lines that it credits (0 to 1); null for not-evidence';
comment on column marts.explained_findings.ruled_out_reason is 'why it counts for nothing; null where it counts';
comment on column marts.explained_findings.rule_source is 'where the rule comes from';
comment on column marts.explained_findings.rule_note is 'what to know about the rule';
