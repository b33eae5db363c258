create or replace view marts.explained_parts as
with parts as (
    select
        repository_id,
        landed_commit_id as commit_id,
        commit_id as part_commit_id,
        kind,
        share,
        model_share,
        human_share,
        automation_share,
        undeclared_share,
        tier,
        agent,
        model,
        contributor_id,
        is_by_landed
    from attribution.change_parts
    union all by name
    -- any other commit is its own only part
    select
        authorship.repository_id,
        authorship.commit_id,
        authorship.commit_id as part_commit_id,
        'itself' as kind,
        1 as share,
        authorship.model_share,
        authorship.human_share,
        authorship.automation_share,
        authorship.undeclared_share,
        authorship.tier,
        authorship.agent,
        authorship.model,
        contributors.contributor_id,
        false as is_by_landed
    from attribution.commit_authorship as authorship
    left join attribution.commit_contributors as contributors using (repository_id, commit_id)
    anti join attribution.change_parts as parts
        on parts.repository_id = authorship.repository_id
        and parts.landed_commit_id = authorship.commit_id
)

select
    parts.*,
    commits.subject,
    sizes.code_lines
from parts
join staging.commits
    on commits.repository_id = parts.repository_id
    and commits.commit_id = parts.part_commit_id
left join attribution.commit_sizes as sizes
    on sizes.repository_id = parts.repository_id
    and sizes.commit_id = parts.part_commit_id;

comment on view marts.explained_parts is 'One row per commit and commit that its lines are attributed by: for a landed change those of its split, for any other commit itself.';
comment on column marts.explained_parts.repository_id is 'name of the repository';
comment on column marts.explained_parts.commit_id is 'the commit that is explained';
comment on column marts.explained_parts.part_commit_id is 'a commit that its lines are attributed by';
comment on column marts.explained_parts.subject is 'first line of that commit''s message';
comment on column marts.explained_parts.code_lines is 'code lines of that commit; null where none is known';
comment on column marts.explained_parts.share is 'share of the lines that goes to that commit: its code lines over those of all parts; alike where none has any (0 to 1)';
comment on column marts.explained_parts.kind is 'how it came into the change: merge, squash, or itself';
comment on column marts.explained_parts.model_share is 'share of that commit that a model wrote (0 to 1)';
comment on column marts.explained_parts.human_share is 'share that a human wrote (0 to 1)';
comment on column marts.explained_parts.automation_share is 'share that automation wrote (0 to 1)';
comment on column marts.explained_parts.undeclared_share is 'share without evidence (0 to 1)';
comment on column marts.explained_parts.tier is 'tier of what decides on that commit';
comment on column marts.explained_parts.agent is 'agent or bot with the larger part; null without one';
comment on column marts.explained_parts.model is 'model where told';
comment on column marts.explained_parts.contributor_id is 'contributor who authored that commit; null for a bot or a coding agent';
comment on column marts.explained_parts.is_by_landed is 'whether its model share comes from the message of the squash';
