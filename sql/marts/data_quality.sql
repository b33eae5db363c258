create or replace table marts.data_quality as
with changes as (
    select * from marts.landed_changes
),

lives as (
    select * from staging.line_lives where fate not in ('moved', 'respaced')
),

issues as (
    select
        repository_id,
        'repository could not be mined in the last run' as issue,
        1 as affected,
        1 as total,
        problem as detail
    from raw.repository_settings
    where problem is not null
    union all
    select
        repository_id,
        'shallow clone',
        1,
        1,
        'history before its boundary is missing, and what the boundary commits changed is unknown'
    from raw.repositories
    where is_shallow
    union all
    select
        repository_id,
        'landed changes without a diff',
        count(*) filter (files is null),
        count(*),
        'at the boundary of a shallow clone, or unreadable; they count in no measure of lines'
    from changes
    group by repository_id
    union all
    select
        repository_id,
        'file changes without line counts',
        coalesce(sum(missing_files), 0),
        coalesce(sum(files), 0),
        'a blob is missing (partial clone) or damaged; `git fetch --refetch` completes the clone'
    from changes
    group by repository_id
    union all
    select
        repository_id,
        'versions of .gitattributes that could not be read',
        count(*) filter (content is null),
        count(*),
        'a blob is missing; the version before it stays in force'
    from raw.attribute_versions
    group by repository_id
    union all
    select
        repository_id,
        'commits that could not be read, or not wholly',
        count(*),
        null,
        array_to_string(list_slice(list(left(commit_id, 12) || ': ' || problem order by commit_id), 1, 20), '; ')
    from raw.problems
    group by repository_id
    union all
    select
        records.repository_id,
        'records of authorship that could not be read whole',
        count(distinct problems.blob_id),
        count(distinct records.blob_id),
        (
            select array_to_string(list_slice(list(problem order by problem), 1, 20), '; ')
            from (
                select distinct
                    coalesce(left(commit_id, 12), path) || ': ' || problem as problem
                from raw.record_problems
                where record_problems.repository_id = records.repository_id
            )
        )
    from raw.records
    left join raw.record_problems as problems
        on problems.repository_id = records.repository_id and problems.blob_id = records.blob_id
    group by records.repository_id
    union all
    select
        records.repository_id,
        'notes on commits that were not mined',
        count(*) filter (commits.commit_id is null),
        count(*),
        'rewritten, or on no branch and in no pull request; they are not read'
    from raw.records
    left join staging.commits
        on commits.repository_id = records.repository_id and commits.commit_id = records.commit_id
    where records.commit_id is not null
    group by records.repository_id
    union all
    select
        repository_id,
        'records of authorship that count for nothing',
        count(distinct (commit_id, ref)) filter (ruled_out_reason is not null),
        count(distinct (commit_id, ref)),
        'on merges, on other commits than they were made for, of tools for tests, or where the added lines are not known; attribution.findings says which'
    from attribution.record_claims
    group by repository_id
    union all
    select
        claims.repository_id,
        'recorded lines that their commit did not add',
        cast(sum(claims.lines) - coalesce(any_value(attested.lines), 0) as bigint),
        cast(sum(claims.lines) as bigint),
        'records name lines of earlier commits too; those are not counted'
    from attribution.record_claims as claims
    left join (
        select repository_id, sum(lines) as lines
        from attribution.attested_lines
        group by repository_id
    ) as attested using (repository_id)
    where claims.ruled_out_reason is null
    group by claims.repository_id
    union all
    select
        repository_id,
        'landed changes after the data cut-off',
        count(*) filter (landed_at > cutoff_at or landed_at is null),
        count(*),
        'their committer time is after the cut-off, in the future or out of range; they are in no quarter'
    from changes
    cross join marts.cutoff
    group by repository_id
    union all
    select
        repository_id,
        'landed changes that go back in time',
        count(*) filter (goes_back),
        count(*),
        'committed more than a day before the landed change below; they count in the quarter of their own time'
    from (
        select
            repository_id,
            landed_at < lag(landed_at) over (partition by repository_id order by position)
                - interval 1 day as goes_back
        from changes
    )
    group by repository_id
    union all
    select
        repository_id,
        'landed changes not tied to a pull request',
        count(*) filter (pull_request_number is null),
        count(*),
        'direct commits, and pull requests that neither refs nor messages tell'
    from changes
    group by repository_id
    union all
    select
        repository_id,
        'pull requests of unknown outcome',
        count(*) filter (outcome = 'unknown'),
        count(*),
        'likely aimed at another branch; they are in no success rate'
    from marts.pull_requests
    group by repository_id
    union all
    select
        pulls.repository_id,
        'pull requests opened before the known history',
        count(*) filter (pulls.quarter_start < began.quarter_start),
        count(*),
        'the clone is shallow, or the history was begun anew; the quarters of the repository have no room for them'
    from marts.pull_requests as pulls
    join (
        select scope_name as repository_id, min(quarter_start) as quarter_start
        from marts.quarters
        where scope = 'repository'
        group by scope_name
    ) as began using (repository_id)
    group by pulls.repository_id
    union all
    select
        repository_id,
        'pull requests without a known head',
        count(*) filter (head_commit_id is null and told_at is null),
        count(*),
        'only a message names them: this clone has no refs/pull; they are in no success rate'
    from marts.pull_requests
    group by repository_id
    union all
    select
        repository_id,
        'code lines without evidence of who wrote them',
        cast(coalesce(main.exact_sum(undeclared_lines), 0) as bigint),
        cast(coalesce(sum(code_lines), 0) as bigint),
        'undeclared: landed since agents exist, and nothing says who wrote them'
    from changes
    group by repository_id
    union all
    select repository_id, 'landed changes left out by the settings', count(*) filter (is_excluded), count(*), min(exclusion_reason)
    from changes
    group by repository_id
    union all
    select
        repository_id,
        'landed changes that another repository holds too',
        count(*) filter (held_by > 1),
        count(*),
        'a fork or a copied history: the organisation counts them once in each'
    from (
        select repository_id, count(*) over (partition by commit_id) as held_by
        from changes
    )
    group by repository_id
    union all
    select
        repository_id,
        'contributors resolved by name and address',
        count(distinct contributor_id) filter (rule = 'name and address'),
        count(distinct contributor_id),
        'their address is no proper one: people with the same name and address may be one'
    from attribution.identities
    where not is_agent
    group by repository_id
    union all
    select
        null,
        'authorship overrides that decide on nothing',
        count(*) filter (applied.position is null),
        count(*),
        string_agg('override ' || overrides.position || ': ' || overrides.reason, '; ' order by overrides.position)
            filter (applied.position is null)
            || ': no commit or no code line is as they say, or a later override holds for all of it'
    from raw.authorship_overrides as overrides
    left join (select distinct position from attribution.commit_overrides) as applied using (position)
    union all
    select
        changes.repository_id,
        'landed changes whose lines were not followed',
        count(*) filter (followed.commit_id is null or not followed.has_known_births),
        count(*),
        'they are in no survival, churn or count of surviving lines; `quarterdeck run` with lines = true follows them'
    from changes
    left join staging.line_changes as followed using (repository_id, commit_id)
    group by changes.repository_id
    union all
    select
        repository_id,
        'lines whose birth is not known',
        cast(sum(lines) filter (origin_commit_id is null) as bigint),
        cast(sum(lines) as bigint),
        'older than a shallow clone, or a blob or change could not be read; they are in no survival'
    from lives
    group by repository_id
    union all
    select
        lives.repository_id,
        'lines whose end is not known',
        cast(sum(lines) filter (fate = 'lost' or (fate != 'alive' and ends.landed_at is null)) as bigint),
        cast(sum(lines) as bigint),
        'their blob is missing from a change on (they count until then), or the clock of the change that ended them was never set'
    from lives
    left join changes as ends
        on ends.repository_id = lives.repository_id and ends.commit_id = lives.death_commit_id
    group by lives.repository_id
    union all
    select
        repository_id,
        'contributors joined by a rule that goes by names',
        count(distinct contributor_id) filter (component in (
            select component from attribution.identity_links where is_risky and outcome = 'joined'
        )),
        count(distinct contributor_id),
        'each rule''s risk stands in raw.identity_rules, each join in attribution.identity_links'
    from attribution.identities
    where not is_agent
    group by repository_id
    union all
    select
        repository_id,
        'contributors whom a rule would have joined to another',
        count(distinct contributor_id) filter (component in (
            select unnest([component, to_component])
            from attribution.identity_links
            where starts_with(outcome, 'refused')
        )),
        count(distinct contributor_id),
        'refused: the settings forbid it, or two accounts of one forge would have become one person'
    from attribution.identities
    where not is_agent
    group by repository_id
    union all
    select
        repository_id,
        'addresses that mailmaps give to several people',
        count(distinct own_email) filter (is_ambiguous),
        count(distinct own_email),
        'each repository''s own mailmap decides there'
    from attribution.identity_addresses
    where not is_agent
    group by repository_id
    union all
    select
        null,
        'team members whom no commit knows',
        count(*) filter (contributors = 0),
        count(*),
        string_agg(distinct member, ', ' order by member) filter (contributors = 0)
    from attribution.team_member_matches
    union all
    select
        null,
        'team members who may be several people',
        count(*) filter (contributors > 1),
        count(*),
        'they count in no team; give an address instead of a name: '
        || string_agg(distinct member, ', ' order by member) filter (contributors > 1)
    from attribution.team_member_matches
    union all
    select
        null,
        'repositories of teams that are not here',
        count(*) filter (repositories.repository_id is null),
        count(*),
        string_agg(distinct owned.repository_id, ', ' order by owned.repository_id)
            filter (repositories.repository_id is null)
    from raw.team_repositories as owned
    left join raw.repository_settings as repositories using (repository_id)
    union all
    select * from marts.forge_quality
)

select
    repository_id,
    issue,
    cast(affected as bigint) as affected,
    cast(total as bigint) as total,
    affected / nullif(total, 0) as share,
    detail
from issues
where affected > 0
order by repository_id nulls first, issue;

comment on table marts.data_quality is 'One row per repository and issue that limits what its numbers can say.';
comment on column marts.data_quality.repository_id is 'name of the repository; null for what the settings say of all';
comment on column marts.data_quality.issue is 'what the matter is';
comment on column marts.data_quality.affected is 'how many it affects (count of what the issue names)';
comment on column marts.data_quality.total is 'out of how many; null where there is no whole';
comment on column marts.data_quality.share is 'affected over total (0 to 1)';
comment on column marts.data_quality.detail is 'what follows, or the error';
