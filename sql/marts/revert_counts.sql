create or replace table marts.revert_counts as
with changes as (
    select
        changes.scope,
        changes.scope_name,
        changes.quarter_start,
        main.class_of(
            changes.model_share, changes.human_share, changes.automation_share, changes.undeclared_share
        ) as written_by,
        changes.contributor_id,
        if(changes.contributor_id is null, coalesce(changes.agent, 'not known'), null) as bot,
        reverts.is_revert,
        reverts.is_mature and not reverts.is_revert as is_trial,
        coalesce(reverts.is_reverted_in_window, false) as is_reverted,
        reverts.partial_reverts > 0 as is_partly_reverted,
        case when reverts.is_reverted_in_window then reverts.days_to_revert end as days_to_revert,
        coalesce(reverts.is_reverted_in_window, false) and reverts.reapplied_by is not null as has_returned
    from marts.scope_changes as changes
    join marts.change_reverts as reverts using (repository_id, commit_id)
),

grouped as (
    select *, unnest(['all', written_by]) as author_class from changes
)

select
    scope,
    scope_name,
    author_class,
    quarter_start,
    contributor_id,
    bot,
    count(*) as landed_changes,
    count(*) filter (is_revert) as reverts,
    count(*) filter (is_trial) as trials,
    count(*) filter (is_trial and is_reverted) as reverted,
    count(*) filter (is_trial and is_reverted and has_returned) as reapplied,
    count(*) filter (is_trial and is_partly_reverted and not is_reverted) as partly_reverted,
    list(days_to_revert order by days_to_revert) filter (is_trial and is_reverted) as days_to_revert
from grouped
group by all;

comment on table marts.revert_counts is 'One row per scope, author class, quarter of landing and contributor or bot: counts of reverted changes.';
comment on column marts.revert_counts.scope is 'organisation, repository or team';
comment on column marts.revert_counts.scope_name is 'name of the organisation, repository or team';
comment on column marts.revert_counts.author_class is 'all, or who wrote most of the change: model, human, automation, undeclared, mixed';
comment on column marts.revert_counts.quarter_start is 'first day of the quarter in which they landed';
comment on column marts.revert_counts.contributor_id is 'contributor who wrote most of them: drawn as one in the bootstrap; null for agents and bots';
comment on column marts.revert_counts.bot is 'agent or bot who did, where no contributor is known: drawn as one, too; null beside a contributor';
comment on column marts.revert_counts.landed_changes is 'landed changes (count)';
comment on column marts.revert_counts.reverts is 'of those, reverts themselves (count)';
comment on column marts.revert_counts.trials is 'the others that landed at least 30 days before the cut-off (count)';
comment on column marts.revert_counts.reverted is 'of the trials, reverted as a whole within 30 days (count)';
comment on column marts.revert_counts.reapplied is 'of these, that came back by a revert of the revert (count)';
comment on column marts.revert_counts.partly_reverted is 'of the trials, reverted in part alone (count)';
comment on column marts.revert_counts.days_to_revert is 'time from landing to revert of each reverted one, ascending (days)';
