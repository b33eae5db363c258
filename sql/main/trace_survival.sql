create or replace macro main.trace_survival(
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
    changes.model_share,
    changes.human_share,
    changes.automation_share,
    changes.undeclared_share,
    survival.* exclude (repository_id, commit_id)
from marts.scope_changes as changes
join marts.change_survival as survival using (repository_id, commit_id)
where changes.scope = for_scope
    and changes.scope_name = coalesce(for_name, changes.scope_name)
    and changes.quarter = main.quarter_key(for_quarter)
order by changes.scope_name, survival.lines_written desc, changes.repository_id, changes.commit_id;

comment on macro table main.trace_survival is 'The landed changes behind churn and survival of a quarter, with what became of their lines; an author class has its share of them: trace_survival(''2026-Q2'', for_scope := ''organisation'', for_name := null). marts.line_lives holds each end.';
