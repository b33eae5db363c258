create or replace view marts.explained_commits as
with pull_requests as (
    select
        own.repository_id,
        own.commit_id,
        list(own.pull_request_number order by own.pull_request_number) as numbers,
        arg_min(tied.landed_commit_id, own.pull_request_number)
            filter (tied.landed_commit_id is not null) as landed_commit_id
    from staging.pull_request_commits as own
    left join staging.pull_requests as tied using (repository_id, pull_request_number)
    group by own.repository_id, own.commit_id
),

changes as (
    select * from marts.landed_changes
)

select
    commits.repository_id,
    commits.commit_id,
    commits.subject,
    commits.author_name,
    commits.author_email,
    commits.authored_at,
    commits.committer_name,
    commits.committed_at,
    coalesce(landings.landed_commit_id, pull_requests.landed_commit_id) as landed_commit_id,
    case
        when landings.is_landed_change then 'is a landed change'
        when landings.landed_commit_id is not null then 'was brought in by a merge'
        when pull_requests.landed_commit_id is not null then 'is a commit of a pull request that landed'
    end as landed_how,
    changes.kind,
    coalesce(pull_requests.numbers, []) as pull_request_numbers,
    changes.pull_request_number as landed_pull_request_number,
    sizes.code_lines,
    sizes.missing_files,
    coalesce(change.model_share, own.model_share) as model_share,
    coalesce(change.human_share, own.human_share) as human_share,
    coalesce(change.automation_share, own.automation_share) as automation_share,
    coalesce(change.undeclared_share, own.undeclared_share) as undeclared_share,
    coalesce(change.tier, own.tier) as tier,
    if(change.commit_id is null, own.agent, change.agent) as agent,
    if(change.commit_id is null, own.model, change.model) as model,
    if(change.commit_id is null, authors.contributor_id, change.contributor_id) as contributor_id,
    contributors.name as contributor_name,
    excluded.reason as exclusion_reason
from staging.commits
join attribution.commit_authorship as own using (repository_id, commit_id)
left join staging.landings using (repository_id, commit_id)
left join pull_requests using (repository_id, commit_id)
left join changes using (repository_id, commit_id)
left join attribution.change_authorship as change using (repository_id, commit_id)
left join attribution.commit_sizes as sizes using (repository_id, commit_id)
left join attribution.commit_contributors as authors using (repository_id, commit_id)
left join marts.contributors
    on contributors.contributor_id
        = if(change.commit_id is null, authors.contributor_id, change.contributor_id)
left join attribution.excluded_commits as excluded using (repository_id, commit_id);

comment on view marts.explained_commits is 'One row per commit: what it is, who wrote it, and the landed change that brought it in.';
comment on column marts.explained_commits.repository_id is 'name of the repository';
comment on column marts.explained_commits.commit_id is 'the commit';
comment on column marts.explained_commits.subject is 'first line of its message';
comment on column marts.explained_commits.author_name is 'author name as recorded';
comment on column marts.explained_commits.author_email is 'author address as recorded';
comment on column marts.explained_commits.authored_at is 'author time (UTC)';
comment on column marts.explained_commits.committer_name is 'committer name as recorded';
comment on column marts.explained_commits.committed_at is 'committer time (UTC)';
comment on column marts.explained_commits.landed_commit_id is 'landed change that brought it in, or that its pull request became; null where none did';
comment on column marts.explained_commits.landed_how is 'what ties it to that change; null without one';
comment on column marts.explained_commits.kind is 'merge, squash or direct; null for what is no landed change';
comment on column marts.explained_commits.pull_request_numbers is 'pull requests that it is a commit of';
comment on column marts.explained_commits.landed_pull_request_number is 'pull request that it stands for; null where none is known';
comment on column marts.explained_commits.code_lines is 'added lines in files of class source and test; null where none is known';
comment on column marts.explained_commits.missing_files is 'changed files without line counts (count)';
comment on column marts.explained_commits.model_share is 'share of its code lines that a model wrote: of the change where it is one, else of the commit (0 to 1)';
comment on column marts.explained_commits.human_share is 'share that a human wrote (0 to 1)';
comment on column marts.explained_commits.automation_share is 'share that automation wrote (0 to 1)';
comment on column marts.explained_commits.undeclared_share is 'share without evidence (0 to 1)';
comment on column marts.explained_commits.tier is 'strongest tier of evidence: attested, declared, indicated or none';
comment on column marts.explained_commits.agent is 'agent or bot with the largest share; null without one';
comment on column marts.explained_commits.model is 'model with the largest share, where told';
comment on column marts.explained_commits.contributor_id is 'contributor who is credited with it; null for bots and agents';
comment on column marts.explained_commits.contributor_name is 'name of that contributor';
comment on column marts.explained_commits.exclusion_reason is 'why the settings leave it out; null where they do not';
