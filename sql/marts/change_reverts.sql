create or replace table marts.change_reverts as
with recursive changes as (
    select repository_id, commit_id, landed_at from marts.landed_changes
),

reverts as (
    select * from attribution.reverts where not is_partial
),

-- what lies beyond the cut-off has not come about yet
happened as (
    select reverts.*
    from attribution.reverts
    join changes using (repository_id, commit_id)
    cross join marts.cutoff
    where changes.landed_at <= cutoff.cutoff_at
),

-- 1: it undoes a change, 2: it undoes such a revert, and so on; odd numbers are reverts
turns as (
    select distinct repository_id, undone_commit_id as commit_id, 0 as turn
    from reverts
    anti join reverts as earlier
        on earlier.repository_id = reverts.repository_id
        and earlier.commit_id = reverts.undone_commit_id
        and not earlier.is_among_others
    union
    select reverts.repository_id, reverts.commit_id, turns.turn + 1
    from turns
    join reverts
        on reverts.repository_id = turns.repository_id and reverts.undone_commit_id = turns.commit_id
    -- a merge that reverts something among other work is no revert
    where not reverts.is_among_others
),

last_turns as (
    select repository_id, commit_id, max(turn) as turn
    from turns
    group by repository_id, commit_id
),

undone as (
    select
        repository_id,
        undone_commit_id as commit_id,
        arg_min(commit_id, position) filter (not is_partial) as undone_by,
        count(*) filter (is_partial) as partial_reverts
    from happened
    group by repository_id, undone_commit_id
)

select
    changes.repository_id,
    changes.commit_id,
    coalesce(last_turns.turn % 2 = 1, false) as is_revert,
    coalesce(last_turns.turn > 0 and last_turns.turn % 2 = 0, false) as is_reapplication,
    undone.undone_by as reverted_by,
    -- committer times may run backwards along a chain
    case when reverter.landed_at is not null then greatest(changes.landed_at, reverter.landed_at) end as reverted_at,
    (epoch(reverted_at) - epoch(changes.landed_at)) / 86400 as days_to_revert,
    returned.undone_by as reapplied_by,
    coalesce(undone.partial_reverts, 0) as partial_reverts,
    reverted_at <= changes.landed_at + interval 30 days as is_reverted_in_window,
    changes.landed_at <= cutoff.cutoff_at - interval 30 days as is_mature
from changes
cross join marts.cutoff
left join last_turns using (repository_id, commit_id)
left join undone using (repository_id, commit_id)
left join changes as reverter
    on reverter.repository_id = undone.repository_id
    and reverter.commit_id = undone.undone_by
left join undone as returned
    on returned.repository_id = undone.repository_id and returned.commit_id = undone.undone_by;

comment on table marts.change_reverts is 'One row per landed change: whether it was reverted, and whether it is a revert.';
comment on column marts.change_reverts.repository_id is 'name of the repository';
comment on column marts.change_reverts.commit_id is 'the landed change';
comment on column marts.change_reverts.is_revert is 'whether it undoes an earlier change as a whole; a merge that also brings in other work is none';
comment on column marts.change_reverts.is_reapplication is 'whether it undoes such a revert, so that a change comes back';
comment on column marts.change_reverts.reverted_by is 'first landed change up to the cut-off that undoes it as a whole; null: none does';
comment on column marts.change_reverts.reverted_at is 'when that landed (UTC), not before the change itself; null where none did up to the cut-off';
comment on column marts.change_reverts.days_to_revert is 'time from its landing to that (days)';
comment on column marts.change_reverts.reapplied_by is 'first landed change up to the cut-off that undoes that revert; null: none does';
comment on column marts.change_reverts.partial_reverts is 'landed changes up to the cut-off that undo a part of it (count)';
comment on column marts.change_reverts.is_reverted_in_window is 'whether it was reverted within 30 days of its landing; null where never';
comment on column marts.change_reverts.is_mature is 'whether it landed at least 30 days before the cut-off';
