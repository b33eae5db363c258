create or replace table attribution.message_lines as
with

commits as (
    select
        repository_id,
        commit_id,
        message
    from staging.commits
),

signals as (
    select
        place,
        trailer_keys,
        needles
    from raw.signals
),

wanted_keys as (
    select distinct unnest(trailer_keys) as trailer_key
    from signals
    where place = 'trailer'
),

wanted_needles as (
    select distinct unnest(if(len(needles) = 0, [''], needles)) as needle
    from signals
    where place = 'body'
),

split_lines as (
    select
        repository_id,
        commit_id,
        unnest(string_split(message, chr(10))) as raw_line,
        generate_subscripts(string_split(message, chr(10)), 1) as line_number
    from commits
),

trimmed_lines as (
    select
        repository_id,
        commit_id,
        line_number,
        trim(raw_line, ' ' || chr(9) || chr(13)) as trimmed_line
    from split_lines
),

written_lines as (
    select
        repository_id,
        commit_id,
        line_number,
        starts_with(trimmed_line, '>') as is_quoted,
        starts_with(trimmed_line, '```') or starts_with(trimmed_line, '~~~') as is_fence,
        if(
            starts_with(trimmed_line, '>'),
            ltrim(trimmed_line, '> ' || chr(9)),
            trimmed_line
        ) as line
    from trimmed_lines
    where trimmed_line != ''
),

subjects as (
    select
        repository_id,
        commit_id,
        min(line_number) as line_number,
        arg_min(line, line_number) as line
    from written_lines
    group by repository_id, commit_id
),

-- A fence that nobody closes would hide the trailers behind it: only pairs count.
fences as (
    select
        repository_id,
        commit_id,
        line_number as opened_at,
        lead(line_number) over message_order as closed_at,
        row_number() over message_order as fence_number
    from written_lines
    where is_fence
    window message_order as (partition by repository_id, commit_id order by line_number)
),

code_blocks as (
    select
        repository_id,
        commit_id,
        opened_at,
        closed_at
    from fences
    where fence_number % 2 = 1 and closed_at is not null
),

-- What follows such a heading in a revert was said of the code that goes, not of the change.
reverted_messages as (
    select
        lines.repository_id,
        lines.commit_id,
        min(lines.line_number) as begins_at
    from written_lines as lines
    inner join subjects
        on lines.repository_id = subjects.repository_id and lines.commit_id = subjects.commit_id
    where starts_with(subjects.line, 'Revert')
        and regexp_matches(
            lines.line,
            '(?i)^(?:the )?(?:original|reverted) (?:commit |change |change''s )?(?:message|description|log)\b.*:$'
        )
    group by lines.repository_id, lines.commit_id
),

shaped_lines as (
    select
        lines.repository_id,
        lines.commit_id,
        lines.line_number,
        lines.line,
        lines.is_quoted,
        lines.line_number = subjects.line_number as is_subject,
        lower(
            regexp_extract(lines.line, '^(?:[*+-] )?([A-Za-z][A-Za-z0-9-]*)[ \t]*:[ \t]*\S', 1)
        ) as trailer_key
    from written_lines as lines
    inner join subjects
        on lines.repository_id = subjects.repository_id and lines.commit_id = subjects.commit_id
),

body_candidates as (
    select distinct distinct_lines.line
    from (
        select distinct
            line,
            lower(line) as lower_line
        from shaped_lines
        where not is_subject
    ) as distinct_lines
    inner join wanted_needles on contains(distinct_lines.lower_line, wanted_needles.needle)
),

candidate_lines as (
    select
        lines.repository_id,
        lines.commit_id,
        lines.line_number,
        lines.line,
        lines.is_quoted,
        lines.is_subject,
        wanted_keys.trailer_key
    from shaped_lines as lines
    left join wanted_keys
        on lines.trailer_key = wanted_keys.trailer_key and not lines.is_subject
    left join body_candidates
        on lines.line = body_candidates.line
    where lines.is_subject
        or wanted_keys.trailer_key is not null
        or body_candidates.line is not null
)

select
    lines.repository_id,
    lines.commit_id,
    lines.line_number,
    lines.is_subject,
    lines.line,
    lines.trailer_key,
    if(
        lines.trailer_key is not null,
        regexp_extract(lines.line, '^[^:]*:[ \t]*(.*)$', 1),
        null
    ) as trailer_value,
    case
        when lines.is_quoted then 'stands in a quotation'
        when code_blocks.opened_at is not null then 'stands in a code block'
        when lines.line_number > reverted_messages.begins_at
            then 'stands in the message of the reverted commit'
    end as dismissed_because
from candidate_lines as lines
left join code_blocks
    on lines.repository_id = code_blocks.repository_id
        and lines.commit_id = code_blocks.commit_id
        and lines.line_number between code_blocks.opened_at and code_blocks.closed_at
left join reverted_messages
    on lines.repository_id = reverted_messages.repository_id
        and lines.commit_id = reverted_messages.commit_id
;

comment on table attribution.message_lines is
'One row per line of a commit message that some rule may read: the subject, trailers wherever they stand, and lines that hold a text a body rule looks for.';
comment on column attribution.message_lines.repository_id is 'Repository the commit was read from.';
comment on column attribution.message_lines.commit_id is 'Commit whose message holds the line.';
comment on column attribution.message_lines.line_number is 'Place of the line in the message, 1 for the first.';
comment on column attribution.message_lines.is_subject is 'Whether this is the first line that is not blank.';
comment on column attribution.message_lines.line is 'The line without white space around it and without marks of quotation.';
comment on column attribution.message_lines.trailer_key is 'Key of a trailer that some rule reads, in small letters; NULL for any other line.';
comment on column attribution.message_lines.trailer_value is 'Text after the key; NULL where the line is no such trailer.';
comment on column attribution.message_lines.dismissed_because is 'Why nothing in this line is evidence on this commit; NULL where it may be.';
