create or replace view marts.change_sizes as
with changes as (
    select
        changes.*,
        changes.commit_id as counted_commit_id,
        survival.lines_alive_30_days,
        survival.lines_alive_90_days
    from marts.scope_changes as changes
    left join marts.change_survival as survival using (repository_id, commit_id)
),

-- what the multiple counts one by one: landed changes, or the commits that they brought in
counted as (
    select
        changes.scope,
        changes.scope_name,
        changes.repository_id,
        changes.commit_id,
        changes.counted_commit_id,
        changes.landed_day,
        changes.quarter_start,
        changes.contributor_id,
        changes.automation_share,
        sizes.counted_lines
    from changes
    join attribution.commit_sizes as sizes using (repository_id, commit_id)
    cross join raw.settings
    where settings.counted_unit = 'landed changes'
    union all
    select
        changes.scope,
        changes.scope_name,
        changes.repository_id,
        changes.commit_id,
        landings.commit_id as counted_commit_id,
        changes.landed_day,
        changes.quarter_start,
        contributors.contributor_id,
        authorship.automation_share,
        sizes.counted_lines
    from changes
    join staging.landings
        on landings.repository_id = changes.repository_id
        and landings.landed_commit_id = changes.commit_id
    -- what a merge shows against its first parent, its commits have written
    join staging.commits
        on commits.repository_id = landings.repository_id
        and commits.commit_id = landings.commit_id
        and commits.parent_count < 2
    join attribution.commit_sizes as sizes
        on sizes.repository_id = landings.repository_id and sizes.commit_id = landings.commit_id
    join attribution.commit_authorship as authorship
        on authorship.repository_id = landings.repository_id
        and authorship.commit_id = landings.commit_id
    left join attribution.commit_contributors as contributors
        on contributors.repository_id = landings.repository_id
        and contributors.commit_id = landings.commit_id
    cross join raw.settings
    where settings.counted_unit = 'commits'
),

sizes as (
    select *, 'code_lines' as measure, counted_lines as units, true as is_capped
    from counted
    union all by name
    select *, 'lines_alive_30_days' as measure, lines_alive_30_days as units, true as is_capped
    from changes
    union all by name
    select *, 'lines_alive_90_days' as measure, lines_alive_90_days as units, true as is_capped
    from changes
    union all by name
    select *, 'net_lines' as measure, net_code_lines as units, false as is_capped
    from changes
    union all by name
    select *, 'landed_changes' as measure, 1 as units, false as is_capped
    from changes
    union all by name
    select *, 'merged_pull_requests' as measure, pull_requests as units, false as is_capped
    from changes
)

select
    sizes.scope,
    sizes.scope_name,
    sizes.measure,
    sizes.repository_id,
    sizes.commit_id,
    sizes.counted_commit_id,
    sizes.landed_day,
    sizes.quarter_start,
    sizes.contributor_id,
    sizes.units,
    sizes.is_capped
from sizes
cross join raw.settings
where sizes.units is not null
    and case settings.authors
        when 'all' then true
        when 'human' then sizes.contributor_id is not null
        else sizes.automation_share <= 0.5
    end;

comment on view marts.change_sizes is 'One row per scope, measure and landed change (for code_lines, where the settings count commits: commit) that has a value in it, before any cap.';
comment on column marts.change_sizes.scope is 'organisation, repository or team';
comment on column marts.change_sizes.scope_name is 'name of the organisation, repository or team';
comment on column marts.change_sizes.measure is 'code_lines, lines_alive_30_days, lines_alive_90_days, net_lines, landed_changes or merged_pull_requests';
comment on column marts.change_sizes.repository_id is 'name of the repository';
comment on column marts.change_sizes.commit_id is 'the landed change';
comment on column marts.change_sizes.counted_commit_id is 'what is counted: the landed change, or a commit that it brought in';
comment on column marts.change_sizes.landed_day is 'day it landed';
comment on column marts.change_sizes.quarter_start is 'first day of its quarter';
comment on column marts.change_sizes.contributor_id is 'contributor who wrote most of it; null for bots and agents';
comment on column marts.change_sizes.units is 'units landed, in the unit of the measure';
comment on column marts.change_sizes.is_capped is 'whether the measure caps a change';
