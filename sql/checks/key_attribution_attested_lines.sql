-- does every attested line stand in exactly one run?
select repository_id, commit_id, path, first_line, lines, previous_end
from (
    select
        *,
        lag(first_line + lines) over (
            partition by repository_id, commit_id, path
            order by first_line
        ) as previous_end
    from attribution.attested_lines
)
where first_line < previous_end or lines < 1
