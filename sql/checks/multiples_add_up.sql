-- do the uncapped code lines of the quarters add up to those of the landed changes until the cut-off?
with quarters as (
    select scope, scope_name, sum(uncapped_total) as quarters_lines
    from marts.multiples
    where measure = 'code_lines'
    group by all
),

changes as (
    select scope, scope_name, coalesce(sum(code_lines), 0) as landed_lines
    from marts.scope_changes
    group by all
)

select *
from quarters
full join changes using (scope, scope_name)
where quarters_lines is distinct from coalesce(landed_lines, 0)
