create or replace view marts.explained_counts as
with changes as (
    select changes.*, cutoff.cutoff_at
    from marts.landed_changes as changes
    cross join marts.cutoff
),

scope_of as (
    select changes.repository_id, changes.commit_id, scopes.scope, scopes.scope_name
    from changes
    join marts.scopes
        on scopes.scope = 'organisation' or scopes.repository_id = changes.repository_id
    union all
    select repository_id, commit_id, 'team', team
    from marts.change_teams
),

scoped as (
    select
        scope_of.scope,
        scope_of.scope_name,
        changes.*,
        case
            when changes.is_excluded then 'left out by the settings: ' || changes.exclusion_reason
            when changes.landed_at is null then 'its committer time is out of range'
            when changes.landed_at > changes.cutoff_at then 'it landed after the data cut-off'
        end as left_out_because
    from scope_of
    join changes using (repository_id, commit_id)
),

units as (
    select
        scope,
        scope_name,
        repository_id,
        commit_id,
        sum(capped_units) as counted_lines
    from marts.change_units
    where measure = 'code_lines'
    group by all
)

select
    scoped.repository_id,
    scoped.commit_id,
    scoped.scope,
    scoped.scope_name,
    scoped.quarter,
    scoped.landed_at,
    scoped.code_lines,
    caps.cap_lines,
    units.counted_lines,
    scoped.left_out_because
from scoped
left join marts.caps
    on caps.measure = 'code_lines'
    and caps.scope = scoped.scope
    and caps.scope_name = scoped.scope_name
    and caps.quarter_start = scoped.quarter_start
left join units
    on units.scope = scoped.scope
    and units.scope_name = scoped.scope_name
    and units.repository_id = scoped.repository_id
    and units.commit_id = scoped.commit_id;

comment on view marts.explained_counts is 'One row per landed change and scope: where it counts, and with how many lines.';
comment on column marts.explained_counts.repository_id is 'name of the repository';
comment on column marts.explained_counts.commit_id is 'the landed change';
comment on column marts.explained_counts.scope is 'organisation, repository or team';
comment on column marts.explained_counts.scope_name is 'name of the organisation, repository or team';
comment on column marts.explained_counts.quarter is 'quarter that it landed in, such as 2026Q1';
comment on column marts.explained_counts.landed_at is 'when it landed (UTC)';
comment on column marts.explained_counts.code_lines is 'added lines in files of class source and test; null where none is known';
comment on column marts.explained_counts.cap_lines is 'cap of the quarter in the scope (code lines); null without one';
comment on column marts.explained_counts.counted_lines is 'lines that count, capped; null where it does not count or none is known';
comment on column marts.explained_counts.left_out_because is 'why it counts in no measure; null where it counts';
