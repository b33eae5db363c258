-- do the agents' model lines add up to the model lines of the quarter?
with agents as (
    select scope, scope_name, quarter_start, sum(model_lines) as agents_lines
    from marts.agents_quarterly
    group by all
)

select scope, scope_name, quarter_start, model_lines, agents_lines
from marts.authorship_quarterly
left join agents using (scope, scope_name, quarter_start)
where abs(model_lines - coalesce(agents_lines, 0)) > 1e-6 * greatest(model_lines, 1)
