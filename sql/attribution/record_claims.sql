create or replace table attribution.record_claims as
with

commits as (
    select
        repository_id,
        commit_id,
        first_parent_id,
        parent_count,
        authored_at
    from staging.commits
),

rules as (
    select
        evidence_text,
        signal_id,
        position,
        agent,
        author_class,
        tier,
        weight,
        reason
    from attribution.record_rules
),

claims as (
    select
        repository_id,
        commit_id,
        base_id,
        form,
        ref,
        ref || coalesce(' ' || tool, '') as evidence_text,
        model,
        author_class,
        weight,
        path,
        first_line,
        lines
    from raw.record_lines
    where commit_id is not null
    union all
    -- a trace was written upon a commit: its lines are those of the commits right after
    select
        record_lines.repository_id,
        commits.commit_id,
        null::varchar as base_id,
        record_lines.form,
        record_lines.ref,
        record_lines.ref || coalesce(' ' || record_lines.tool, '') as evidence_text,
        record_lines.model,
        record_lines.author_class,
        record_lines.weight,
        record_lines.path,
        record_lines.first_line,
        record_lines.lines
    from raw.record_lines
    inner join commits
        on record_lines.repository_id = commits.repository_id
            and record_lines.parent_id = commits.first_parent_id
    where record_lines.parent_id is not null
),

measured as (
    select distinct
        repository_id,
        commit_id
    from raw.added_lines
)

select
    claims.repository_id,
    claims.commit_id,
    claims.form as source,
    claims.ref,
    rules.signal_id,
    rules.position,
    if(claims.author_class = 'model', rules.agent, null) as agent,
    claims.model,
    case
        when rules.author_class in ('model', 'human') then claims.author_class
        else rules.author_class
    end as author_class,
    rules.tier,
    claims.weight * rules.weight as weight,
    claims.evidence_text as matched_text,
    claims.path,
    claims.first_line,
    claims.lines,
    case
        when rules.author_class = 'not-evidence' then rules.reason
        when commits.parent_count > 1
            then 'stands on a merge, whose lines are those of the commits that it brought in'
        -- a rebase keeps the author's time: there the copy is right
        when claims.base_id not in (claims.commit_id, coalesce(commits.first_parent_id, ''))
            and bases.authored_at is distinct from commits.authored_at
            and bases.commit_id is not null
            then 'was made for another commit'
        when measured.commit_id is null then 'which lines the commit added is not known'
    end as ruled_out_reason
from claims
inner join rules
    on claims.evidence_text = rules.evidence_text
inner join commits
    on claims.repository_id = commits.repository_id and claims.commit_id = commits.commit_id
left join commits as bases
    on claims.repository_id = bases.repository_id and claims.base_id = bases.commit_id
left join measured
    on claims.repository_id = measured.repository_id and claims.commit_id = measured.commit_id
;

comment on table attribution.record_claims is
'One row per commit and run of lines that a record claims for somebody, before it is held against the lines that the commit added.';
comment on column attribution.record_claims.repository_id is 'Repository the record was read from.';
comment on column attribution.record_claims.commit_id is 'Commit that the record is about.';
comment on column attribution.record_claims.source is 'Kind of record: note or trace.';
comment on column attribution.record_claims.ref is 'Ref that holds the record; for a trace HEAD and its path.';
comment on column attribution.record_claims.signal_id is 'Rule of the catalogue (raw.signals) that matched.';
comment on column attribution.record_claims.position is 'Place of the rule in the catalogue, from 0: the first goes before the others.';
comment on column attribution.record_claims.agent is 'Agent that the record names, as recorded where the catalogue does not know it; NULL for people.';
comment on column attribution.record_claims.model is 'Model as the record tells it; NULL where it tells none.';
comment on column attribution.record_claims.author_class is 'Who wrote the lines, as the record says: model or human; or what the rule makes of it.';
comment on column attribution.record_claims.tier is 'How sure; NULL for not-evidence.';
comment on column attribution.record_claims.weight is 'Share of these lines that is credited, above 0 and at most 1; NULL for not-evidence.';
comment on column attribution.record_claims.matched_text is 'Where the record stands, and the tool that it names.';
comment on column attribution.record_claims.path is 'Path of the file after the commit.';
comment on column attribution.record_claims.first_line is 'First line, from 1.';
comment on column attribution.record_claims.lines is 'Length of the run (lines).';
comment on column attribution.record_claims.ruled_out_reason is 'Why it counts for nothing whatever the commit added; NULL where it may count.';
