create or replace view marts.explained_parts as
with split as (
    select repository_id, landed_commit_id as commit_id, commit_id as part_commit_id
    from attribution.change_commits
    union all
    -- any other commit is its own only part
    select commits.repository_id, commits.commit_id, commits.commit_id as part_commit_id
    from staging.commits
    anti join attribution.change_commits as parts
        on parts.repository_id = commits.repository_id
        and parts.landed_commit_id = commits.commit_id
),

sized as (
    select
        split.*,
        sizes.code_lines,
        sum(coalesce(sizes.code_lines, 0)) over explained as all_lines,
        count(*) over explained as parts
    from split
    left join attribution.commit_sizes as sizes
        on sizes.repository_id = split.repository_id
        and sizes.commit_id = split.part_commit_id
    window explained as (partition by split.repository_id, split.commit_id)
)

select
    sized.repository_id,
    sized.commit_id,
    sized.part_commit_id,
    commits.subject,
    sized.code_lines,
    case
        when sized.all_lines > 0 then coalesce(sized.code_lines, 0) / sized.all_lines
        else 1 / sized.parts
    end as share,
    authorship.model_share,
    authorship.human_share,
    authorship.automation_share,
    authorship.undeclared_share,
    authorship.tier,
    authorship.agent,
    authorship.model,
    contributors.contributor_id
from sized
join staging.commits
    on commits.repository_id = sized.repository_id
    and commits.commit_id = sized.part_commit_id
join attribution.commit_authorship as authorship
    on authorship.repository_id = sized.repository_id
    and authorship.commit_id = sized.part_commit_id
left join attribution.commit_contributors as contributors
    on contributors.repository_id = sized.repository_id
    and contributors.commit_id = sized.part_commit_id;

comment on view marts.explained_parts is 'One row per commit and commit that its lines are attributed by: for a landed change those of its split, for any other commit itself.';
comment on column marts.explained_parts.repository_id is 'name of the repository';
comment on column marts.explained_parts.commit_id is 'the commit that is explained';
comment on column marts.explained_parts.part_commit_id is 'a commit that its lines are attributed by';
comment on column marts.explained_parts.subject is 'first line of that commit''s message';
comment on column marts.explained_parts.code_lines is 'code lines of that commit; null where none is known';
comment on column marts.explained_parts.share is 'those over the code lines of all parts; alike where none has any (0 to 1)';
comment on column marts.explained_parts.model_share is 'share of that commit that a model wrote (0 to 1)';
comment on column marts.explained_parts.human_share is 'share that a human wrote (0 to 1)';
comment on column marts.explained_parts.automation_share is 'share that automation wrote (0 to 1)';
comment on column marts.explained_parts.undeclared_share is 'share without evidence (0 to 1)';
comment on column marts.explained_parts.tier is 'tier of what decides on that commit';
comment on column marts.explained_parts.agent is 'agent or bot with the larger part; null without one';
comment on column marts.explained_parts.model is 'model where told';
comment on column marts.explained_parts.contributor_id is 'contributor who authored that commit; null for a bot or a coding agent';
