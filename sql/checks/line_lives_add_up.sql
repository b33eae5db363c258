-- do the lines that were born end or live, each once?
with followed as (
    select * from staging.line_changes
),

whole as (
    select repository_id, max_by(alive_lines, position) as alive_lines
    from followed
    group by repository_id
    -- a file that was seen again after its blob was missing has lines that no diff added
    having max(missing_files) = 0
),

lives as (
    select repository_id, birth_commit_id as commit_id, sum(lines) as lines
    from staging.line_lives
    group by all
),

born as (
    select
        followed.*,
        coalesce(lives.lines, 0) as lines,
        -- lines of a binary file that becomes text are born without being added
        followed.commit_id in (select commit_id from staging.file_changes where is_binary) as has_binary
    from followed
    semi join whole using (repository_id)
    left join lives using (repository_id, commit_id)
    where followed.has_known_births
),

ended as (
    select repository_id, death_commit_id as commit_id, sum(lines) as lines
    from staging.line_lives
    where fate != 'alive'
    group by all
),

alive as (
    select repository_id, sum(lines) as lines
    from staging.line_lives
    where fate = 'alive'
    group by all
)

select repository_id, commit_id, 'born' as what, lines, added_lines as expected
from born
where lines < added_lines or (lines > added_lines and not has_binary)
union all
select repository_id, commit_id, 'ended', coalesce(ended.lines, 0), deleted_lines + binary_lines + lost_lines as expected
from followed
left join ended using (repository_id, commit_id)
where coalesce(ended.lines, 0) != deleted_lines + binary_lines + lost_lines
union all
select repository_id, null, 'alive', coalesce(alive.lines, 0), alive_lines
from whole
left join alive using (repository_id)
where coalesce(alive.lines, 0) != alive_lines
