-- do the uncapped lines of the quarters add up to those of what landed until the cut-off, by the settings?
with quarters as (
    select scope, scope_name, sum(uncapped_total) as quarters_lines
    from marts.multiples
    where measure = 'code_lines'
    group by all
),

-- every scope has a row, and by the default definition the lines of the landed changes themselves
changes as (
    select
        changes.scope,
        changes.scope_name,
        coalesce(sum(changes.code_lines), 0) as landed_lines
    from marts.scope_changes as changes
    group by all
),

counted as (
    select scope, scope_name, sum(units) as counted_lines
    from marts.change_sizes
    where measure = 'code_lines'
    group by all
)

select *
from quarters
full join changes using (scope, scope_name)
left join counted using (scope, scope_name)
cross join raw.settings
where case
    when settings.lines_counted = 'added'
        and settings.counted_unit = 'landed changes'
        and settings.authors = 'all'
        and settings.classes = ['source', 'test']
        then quarters_lines is distinct from coalesce(landed_lines, 0)
    else quarters_lines is distinct from coalesce(counted_lines, 0)
end
