-- do model, human, automation and undeclared lines add up to the code lines?
select repository_id, commit_id, code_lines, model_lines, human_lines, automation_lines, undeclared_lines
from marts.landed_changes
where abs(model_lines + human_lines + automation_lines + undeclared_lines - code_lines)
    > 1e-6 * greatest(code_lines, 1)
    or (code_lines is null) != (model_lines + human_lines + automation_lines + undeclared_lines is null)
    or abs(attested_lines + declared_lines + indicated_lines - model_lines)
    > 1e-6 * greatest(code_lines, 1)
