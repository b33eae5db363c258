create or replace macro main.trace_model_share(
    for_quarter,
    for_scope := 'organisation',
    for_name := null
) as table
select
    changes.scope,
    changes.scope_name,
    changes.quarter,
    changes.repository_id,
    changes.commit_id,
    changes.landed_at,
    changes.subject,
    changes.code_lines,
    changes.model_lines,
    changes.human_lines,
    changes.automation_lines,
    changes.undeclared_lines,
    changes.attested_lines,
    changes.declared_lines,
    changes.indicated_lines,
    changes.tier,
    changes.agent,
    changes.model
from marts.scope_changes as changes
where changes.scope = for_scope
    and changes.scope_name = coalesce(for_name, changes.scope_name)
    and changes.quarter = main.quarter_key(for_quarter)
order by changes.scope_name, changes.model_lines desc nulls last, changes.repository_id, changes.commit_id;

comment on macro table main.trace_model_share is 'The landed changes behind the model share of a quarter, with their lines by who wrote them: trace_model_share(''2026-Q2'', for_scope := ''organisation'', for_name := null). attribution.findings holds the evidence on each of their commits.';
