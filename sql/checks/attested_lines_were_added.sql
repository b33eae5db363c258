-- was every attested line added by its commit?
with added as (
    select repository_id, commit_id, path, sum(lines) as lines
    from raw.added_lines
    group by all
),

attested as (
    select repository_id, commit_id, path, sum(lines) as lines
    from attribution.attested_lines
    group by all
)

select repository_id, commit_id, path, attested.lines, added.lines as added_lines
from attested
left join added using (repository_id, commit_id, path)
where attested.lines > coalesce(added.lines, 0)
