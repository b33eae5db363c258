create or replace table marts.landed_changes as
with landed as (
    select
        commits.* replace (
            -- no repository is that old: such a clock was never set
            case when commits.committed_at >= timestamptz '1971-01-01 00:00:00+00'
                then commits.committed_at end as committed_at
        ),
        landings.position,
        cast(committed_at at time zone settings.time_zone as date) as landed_day,
        settings.fiscal_year_start
    from staging.commits
    join staging.landings using (repository_id, commit_id)
    cross join raw.settings
    where landings.is_landed_change
),

pull_requests as (
    select
        repository_id,
        landed_commit_id as commit_id,
        -- one merge can land several (stacked, or a train): the newest that itself says so names it
        arg_max(
            pull_request_number,
            (landed_by in ('merge commit', 'merge message', 'subject number'), pull_request_number)
        ) as pull_request_number,
        count(*) as pull_requests
    from marts.pull_requests
    where landed_commit_id is not null
    group by repository_id, landed_commit_id
    union all
    -- the last commit counts for the pull request
    select changes.repository_id, changes.commit_id, changes.pull_request_number, 0
    from staging.pull_request_changes as changes
    semi join marts.pull_requests as pulls
        on pulls.repository_id = changes.repository_id
        and pulls.pull_request_number = changes.pull_request_number
        and pulls.landed_commit_id is not null
    where not changes.is_last
),

by_commits as (
    select distinct repository_id, pull_request_number
    from pull_requests
    where pull_requests = 0
)

select
    landed.repository_id,
    landed.commit_id,
    landed.position,
    landed.committed_at as landed_at,
    landed.landed_day,
    main.quarter_of(landed.landed_day, landed.fiscal_year_start) as quarter_start,
    main.quarter_name(quarter_start, landed.fiscal_year_start) as quarter,
    landed.subject,
    case
        when landed.parent_count > 1 then 'merge'
        when by_commits.repository_id is not null then 'rebased'
        when pull_requests.pull_request_number is not null then 'squash'
        else 'direct'
    end as kind,
    pull_requests.pull_request_number,
    pull_requests.pull_requests,
    authorship.contributor_id,
    authorship.commits,
    sizes.files,
    sizes.missing_files,
    sizes.added_lines,
    sizes.deleted_lines,
    sizes.added_lines - sizes.deleted_lines as net_lines,
    sizes.code_lines,
    sizes.code_lines - sizes.deleted_code_lines as net_code_lines,
    sizes.code_lines * authorship.model_share as model_lines,
    sizes.code_lines * authorship.human_share as human_lines,
    sizes.code_lines * authorship.automation_share as automation_lines,
    sizes.code_lines * authorship.undeclared_share as undeclared_lines,
    sizes.code_lines * authorship.attested_share as attested_lines,
    sizes.code_lines * authorship.declared_share as declared_lines,
    sizes.code_lines * authorship.indicated_share as indicated_lines,
    authorship.model_share,
    authorship.human_share,
    authorship.automation_share,
    authorship.undeclared_share,
    authorship.tier,
    authorship.agent,
    authorship.model,
    excluded.commit_id is not null as is_excluded,
    excluded.reason as exclusion_reason
from landed
join attribution.change_authorship as authorship using (repository_id, commit_id)
left join attribution.commit_sizes as sizes using (repository_id, commit_id)
left join pull_requests using (repository_id, commit_id)
left join by_commits
    on by_commits.repository_id = landed.repository_id
    and by_commits.pull_request_number = pull_requests.pull_request_number
left join attribution.excluded_commits as excluded
    on excluded.repository_id = landed.repository_id and excluded.commit_id = landed.commit_id;

comment on table marts.landed_changes is 'One row per landed change: a commit of the first-parent chain of a default branch.';
comment on column marts.landed_changes.repository_id is 'name of the repository';
comment on column marts.landed_changes.commit_id is 'the commit';
comment on column marts.landed_changes.position is 'index in the first-parent chain; 0 is the oldest';
comment on column marts.landed_changes.landed_at is 'when it landed: committer time (UTC); null where that is out of range: before 1971 or after 9999';
comment on column marts.landed_changes.landed_day is 'day it landed, in the time zone of the settings';
comment on column marts.landed_changes.quarter_start is 'first day of its quarter';
comment on column marts.landed_changes.quarter is 'its quarter, such as 2026Q1 (FY2026Q1 in a fiscal year)';
comment on column marts.landed_changes.subject is 'first line of its message';
comment on column marts.landed_changes.kind is 'merge, squash (one commit that stands for a pull request), rebased (one of several commits that a pull request landed by) or direct';
comment on column marts.landed_changes.pull_request_number is 'pull request that it stands for; null where none is known';
comment on column marts.landed_changes.pull_requests is 'pull requests that it landed (count); 0 for the earlier commits of a rebased one, which its last lands; null where none is known';
comment on column marts.landed_changes.contributor_id is 'contributor who wrote most of it; null for bots and agents';
comment on column marts.landed_changes.commits is 'commits that its lines are attributed by (count)';
comment on column marts.landed_changes.files is 'changed files (count); null where the diff is not known';
comment on column marts.landed_changes.missing_files is 'changed files without line counts (count)';
comment on column marts.landed_changes.added_lines is 'added lines, all file classes; null where not known';
comment on column marts.landed_changes.deleted_lines is 'deleted lines, all file classes; null where not known';
comment on column marts.landed_changes.net_lines is 'added minus deleted lines, all file classes';
comment on column marts.landed_changes.code_lines is 'added lines in files of class source and test; null where not known';
comment on column marts.landed_changes.net_code_lines is 'added minus deleted lines in files of class source and test';
comment on column marts.landed_changes.model_lines is 'code lines that a model wrote, by the evidence';
comment on column marts.landed_changes.human_lines is 'code lines that a human wrote';
comment on column marts.landed_changes.automation_lines is 'code lines that automation wrote';
comment on column marts.landed_changes.undeclared_lines is 'code lines without evidence either way';
comment on column marts.landed_changes.attested_lines is 'model lines by line-level records';
comment on column marts.landed_changes.declared_lines is 'model lines by identities and trailers';
comment on column marts.landed_changes.indicated_lines is 'model lines by body text and branch names';
comment on column marts.landed_changes.model_share is 'share of its code lines by a model (0 to 1)';
comment on column marts.landed_changes.human_share is 'share by a human (0 to 1)';
comment on column marts.landed_changes.automation_share is 'share by automation (0 to 1)';
comment on column marts.landed_changes.undeclared_share is 'share without evidence (0 to 1)';
comment on column marts.landed_changes.tier is 'strongest tier of evidence';
comment on column marts.landed_changes.agent is 'agent with the largest share';
comment on column marts.landed_changes.model is 'model with the largest share, where told';
comment on column marts.landed_changes.is_excluded is 'whether the settings leave it out of every measure';
comment on column marts.landed_changes.exclusion_reason is 'why, as the settings say';
