create or replace table attribution.commit_overrides as
with overrides as (
    select * from raw.authorship_overrides
),

commits as (
    select
        commits.repository_id,
        commits.commit_id,
        lower(trim(commits.author_email)) as author_email,
        identities.mapped_email,
        cast(commits.authored_at at time zone 'UTC' as date) as authored_on
    from staging.commits
    left join attribution.identities
        on identities.repository_id = commits.repository_id
        and identities.name = commits.author_name
        and identities.email = commits.author_email
),

named as (
    select overrides.position, commits.repository_id, commits.commit_id
    from (select position, unnest(commit_ids) as id_start from overrides) as overrides
    join commits on starts_with(commits.commit_id, overrides.id_start)
),

-- the id of a landed change stands for the commits that its lines are attributed by, too
meant as (
    select position, repository_id, commit_id from named
    union
    select named.position, parts.repository_id, parts.commit_id
    from named
    join attribution.change_commits as parts
        on parts.repository_id = named.repository_id
        and parts.landed_commit_id = named.commit_id
),

agents as (
    select distinct repository_id, commit_id, lower(agent) as agent
    from attribution.findings
    where not ruled_out and agent is not null
),

chosen as (
    select commits.repository_id, commits.commit_id, overrides.position, overrides.path_patterns
    from commits
    join overrides
        on (
            overrides.repository is null
            or overrides.repository = commits.repository_id
            or commits.repository_id glob overrides.repository
        )
        and (
            overrides.author_email is null
            or overrides.author_email in (commits.author_email, commits.mapped_email)
        )
        and (overrides.from_date is null or overrides.from_date <= commits.authored_on)
        and (overrides.to_date is null or overrides.to_date >= commits.authored_on)
    left join meant
        on meant.position = overrides.position
        and meant.repository_id = commits.repository_id
        and meant.commit_id = commits.commit_id
    left join agents
        on agents.repository_id = commits.repository_id
        and agents.commit_id = commits.commit_id
        and agents.agent = lower(overrides.by_agent)
    where (len(overrides.commit_ids) = 0 or meant.position is not null)
        and (overrides.by_agent is null or agents.agent is not null)
),

files as (
    select repository_id, commit_id, path, added_lines
    from staging.classified_changes
    semi join chosen using (repository_id, commit_id)
    where class in ('source', 'test')
),

decided as (
    select
        files.repository_id,
        files.commit_id,
        files.path,
        any_value(files.added_lines) as added_lines,
        max(chosen.position) as position
    from files
    join chosen using (repository_id, commit_id)
    where len(chosen.path_patterns) = 0
        or len(list_filter(chosen.path_patterns, lambda pattern: regexp_matches(files.path, pattern))) > 0
    group by files.repository_id, files.commit_id, files.path
),

by_lines as (
    select
        decided.repository_id,
        decided.commit_id,
        decided.position,
        coalesce(cast(sum(decided.added_lines) as bigint), 0) as code_lines,
        coalesce(sum(decided.added_lines), 0) / any_value(sizes.code_lines) as share
    from decided
    join attribution.commit_sizes as sizes using (repository_id, commit_id)
    where sizes.code_lines > 0
    group by decided.repository_id, decided.commit_id, decided.position
),

-- without code lines there are no parts: an override of all paths holds for the whole
whole as (
    select
        chosen.repository_id,
        chosen.commit_id,
        max(chosen.position) as position,
        0 as code_lines,
        1 as share
    from chosen
    left join attribution.commit_sizes as sizes using (repository_id, commit_id)
    where len(chosen.path_patterns) = 0 and coalesce(sizes.code_lines, 0) = 0
    group by chosen.repository_id, chosen.commit_id
),

applied as (
    select * from by_lines
    union all
    select * from whole
)

select
    applied.repository_id,
    applied.commit_id,
    applied.position,
    overrides.author_class,
    overrides.agent,
    overrides.paths,
    applied.code_lines,
    applied.share,
    overrides.reason
from applied
join overrides using (position);

comment on table attribution.commit_overrides is 'One row per commit and override of the settings that says who wrote some of it.';
comment on column attribution.commit_overrides.repository_id is 'name of the repository';
comment on column attribution.commit_overrides.commit_id is 'the commit';
comment on column attribution.commit_overrides.position is 'place of the override in the settings, from 1';
comment on column attribution.commit_overrides.author_class is 'model, human, automation or undeclared';
comment on column attribution.commit_overrides.agent is 'agent or bot that it credits; null where it names none';
comment on column attribution.commit_overrides.paths is 'patterns of the paths that it holds for; empty: all';
comment on column attribution.commit_overrides.code_lines is 'code lines of the commit that it decides on';
comment on column attribution.commit_overrides.share is 'those over all code lines of the commit, 1 for an override of all paths where there are none (0 to 1)';
comment on column attribution.commit_overrides.reason is 'why, as the settings say';
