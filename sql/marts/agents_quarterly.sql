create or replace table marts.agents_quarterly as
with agent_lines as (
    -- by commit, so that a merge of several agents' commits gives each its own
    select
        changes.scope,
        changes.scope_name,
        changes.quarter_start,
        changes.quarter,
        changes.repository_id,
        changes.commit_id,
        coalesce(parts.agent, 'not named') as agent,
        changes.code_lines * parts.share * parts.model_share as model_lines,
        parts.model_share
    from marts.scope_changes as changes
    join attribution.change_parts as parts
        on parts.repository_id = changes.repository_id
        and parts.landed_commit_id = changes.commit_id
)

select
    agent_lines.scope,
    agent_lines.scope_name,
    agent_lines.quarter_start,
    agent_lines.quarter,
    agent_lines.agent,
    coalesce(main.exact_sum(agent_lines.model_lines), 0) as model_lines,
    coalesce(main.exact_sum(agent_lines.model_lines), 0) / nullif(any_value(totals.code_lines), 0)
        as share_of_code_lines,
    case when any_value(totals.code_lines) = 0 then 'no code line landed' end as reason,
    count(distinct (agent_lines.repository_id, agent_lines.commit_id)) as landed_changes
from agent_lines
join marts.authorship_quarterly as totals using (scope, scope_name, quarter_start)
where agent_lines.model_share > 0
group by all;

comment on table marts.agents_quarterly is 'One row per scope, quarter and agent with evidence.';
comment on column marts.agents_quarterly.scope is 'organisation, repository or team';
comment on column marts.agents_quarterly.scope_name is 'name of the organisation, repository or team';
comment on column marts.agents_quarterly.quarter_start is 'first day of the quarter';
comment on column marts.agents_quarterly.quarter is 'the quarter, such as 2026Q1';
comment on column marts.agents_quarterly.agent is 'the agent; not named where the evidence names none';
comment on column marts.agents_quarterly.model_lines is 'code lines credited to it';
comment on column marts.agents_quarterly.share_of_code_lines is 'those over all code lines landed in the quarter (0 to 1)';
comment on column marts.agents_quarterly.landed_changes is 'landed changes that it has a part in (count)';
comment on column marts.agents_quarterly.reason is 'why the share is missing; null where it is not';
