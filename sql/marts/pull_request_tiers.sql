create or replace table marts.pull_request_tiers as
with pulls as (
    select repository_id, pull_request_number, landed_commit_id from marts.pull_requests
),

sized as (
    select repository_id, commit_id from attribution.commit_sizes where missing_files = 0
),

own_commits as (
    select own.repository_id, own.pull_request_number, own.commit_id, commits.subject, commits.authored_at
    from staging.pull_request_commits as own
    join staging.commits using (repository_id, commit_id)
    where commits.parent_count < 2
),

-- the pull request's own commits where each is known, else what it became
known as (
    select own.repository_id, own.pull_request_number
    from own_commits as own
    left join sized using (repository_id, commit_id)
    group by own.repository_id, own.pull_request_number
    having count(*) = count(sized.commit_id)
),

measured as (
    select own.repository_id, own.pull_request_number, own.commit_id
    from own_commits as own
    semi join known using (repository_id, pull_request_number)
    union all
    select pulls.repository_id, pulls.pull_request_number, pulls.landed_commit_id
    from pulls
    join sized on sized.repository_id = pulls.repository_id and sized.commit_id = pulls.landed_commit_id
    anti join known
        on known.repository_id = pulls.repository_id
        and known.pull_request_number = pulls.pull_request_number
),

titled as (
    select pulls.repository_id, pulls.pull_request_number, landed.title
    from pulls
    join attribution.change_titles as landed
        on landed.repository_id = pulls.repository_id and landed.commit_id = pulls.landed_commit_id
    union all
    select
        own.repository_id,
        own.pull_request_number,
        arg_min(own.subject, (own.authored_at, own.commit_id))
    from own_commits as own
    join pulls using (repository_id, pull_request_number)
    where pulls.landed_commit_id is null
    group by own.repository_id, own.pull_request_number
),

-- a file that several commits touch counts once
files as (
    select
        measured.repository_id,
        measured.pull_request_number,
        changes.path,
        -- of two classes in one pull request always the same one
        min(changes.class) as class,
        sum(changes.added_lines + changes.deleted_lines) as lines
    from measured
    join staging.classified_changes as changes using (repository_id, commit_id)
    where changes.class in ('source', 'test')
    group by measured.repository_id, measured.pull_request_number, changes.path
),

folders as (
    select
        repository_id,
        pull_request_number,
        regexp_replace(path, '[^/]*$', '') as folder,
        count(*) as files,
        coalesce(sum(lines), 0) as lines,
        bool_or(class = 'source') as has_source,
        bool_or(class = 'test') as has_tests
    from files
    group by repository_id, pull_request_number, folder
),

sizes as (
    select
        measured.repository_id,
        measured.pull_request_number,
        cast(coalesce(sum(folders.lines), 0) as bigint) as code_lines,
        cast(coalesce(sum(folders.files), 0) as bigint) as code_files,
        count(folders.folder) as code_directories,
        coalesce(bool_or(folders.has_source), false) as has_source,
        coalesce(bool_or(folders.has_tests), false) as has_tests
    from (select distinct repository_id, pull_request_number from measured) as measured
    left join folders using (repository_id, pull_request_number)
    group by measured.repository_id, measured.pull_request_number
),

-- ascending in each measure, so what is exceeded is the level
thresholds as (
    select
        list(lines order by level) as lines,
        list(files order by level) as files,
        list(directories order by level) as directories
    from raw.tier_thresholds
),

levels as (
    select
        sizes.*,
        list_sort([
            len(list_filter(thresholds.lines, lambda above: sizes.code_lines > above)),
            len(list_filter(thresholds.files, lambda above: sizes.code_files > above)),
            len(list_filter(thresholds.directories, lambda above: sizes.code_directories > above))
        ]) as levels,
        -- no single measure lifts a pull request above routine; all three make it trivial
        greatest(levels[2], least(levels[3], 1)) as size_level
    from sizes
    cross join thresholds
)

select
    levels.* exclude (levels),
    coalesce(
        regexp_matches(
            titled.title,
            '(?i)^(?:(?:chore|docs?|style|ci|build|release|revert)(?:\([^)]*\))?!?:|revert\b|bump\b|(?:update|upgrade|pin) dependenc|(?:prepare )?release\b|(?:fix )?typos?\b)'
        ),
        false
    ) as is_upkeep,
    if(is_upkeep or not has_source, least(size_level, 1), size_level) as level,
    ['trivial', 'routine', 'substantial', 'open-ended'][level + 1] as tier
from levels
left join titled using (repository_id, pull_request_number);

comment on table marts.pull_request_tiers is 'One row per pull request whose diff is known: how open-ended it looks by its size and kind.';
comment on column marts.pull_request_tiers.repository_id is 'name of the repository';
comment on column marts.pull_request_tiers.pull_request_number is 'number on the forge';
comment on column marts.pull_request_tiers.code_lines is 'added and deleted lines in files of class source and test, of all its own commits';
comment on column marts.pull_request_tiers.code_files is 'files of class source and test that it touches (count)';
comment on column marts.pull_request_tiers.code_directories is 'folders that hold these (count)';
comment on column marts.pull_request_tiers.has_source is 'whether it touches a file of class source';
comment on column marts.pull_request_tiers.has_tests is 'whether it touches a file of class test';
comment on column marts.pull_request_tiers.size_level is 'the middle of the levels of lines, files and directories; at least 1 where one of them is (0 to 3)';
comment on column marts.pull_request_tiers.is_upkeep is 'whether its title names upkeep: chore, docs, style, ci, build, release, revert, bump, typo';
comment on column marts.pull_request_tiers.level is 'size_level; at most 1 for upkeep and without source files';
comment on column marts.pull_request_tiers.tier is 'trivial, routine, substantial or open-ended: levels 0 to 3';
