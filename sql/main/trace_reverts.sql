create or replace macro main.trace_reverts(
    for_quarter,
    for_scope := 'organisation',
    for_name := null,
    for_class := 'all'
) as table
select
    changes.scope,
    changes.scope_name,
    changes.quarter,
    changes.repository_id,
    changes.commit_id,
    changes.landed_at,
    changes.subject,
    main.class_of(
        changes.model_share, changes.human_share, changes.automation_share, changes.undeclared_share
    ) as author_class,
    reverts.is_revert,
    reverts.is_mature and not reverts.is_revert as is_trial,
    is_trial and coalesce(reverts.is_reverted_in_window, false) as is_reverted,
    reverts.reverted_by,
    reverts.days_to_revert,
    reverts.reapplied_by,
    reverts.partial_reverts
from marts.scope_changes as changes
join marts.change_reverts as reverts using (repository_id, commit_id)
where changes.scope = for_scope
    and changes.scope_name = coalesce(for_name, changes.scope_name)
    and for_class in ('all', author_class)
    and changes.quarter = main.quarter_key(for_quarter)
order by changes.scope_name, changes.repository_id, changes.commit_id;

comment on macro table main.trace_reverts is 'The landed changes behind the revert rate of a quarter: is_trial is the denominator, is_reverted the numerator: trace_reverts(''2026-Q2'', for_scope := ''organisation'', for_name := null, for_class := ''all'').';
