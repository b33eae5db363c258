create or replace table marts.model_captures as
with commits as (
    select
        changes.scope,
        changes.scope_name,
        changes.quarter_start,
        parts.repository_id,
        parts.commit_id
    from marts.scope_changes as changes
    join attribution.change_commits as parts
        on parts.repository_id = changes.repository_id
        and parts.landed_commit_id = changes.commit_id
),

evidence as (
    select
        repository_id,
        commit_id,
        bool_or(tier = 'declared' and author_class = 'model' and not ruled_out) as is_declared,
        bool_or(tier = 'attested' and author_class = 'model' and not ruled_out) as is_attested,
        -- a record that names only people shows the channel at work, too
        bool_or(tier = 'attested') as has_record
    from attribution.findings
    where tier in ('declared', 'attested')
    group by repository_id, commit_id
),

by_repository as (
    select
        commits.scope,
        commits.scope_name,
        commits.quarter_start,
        commits.repository_id,
        count(*) as commits,
        count(*) filter (evidence.is_declared) as declared,
        count(*) filter (evidence.is_attested) as attested,
        count(*) filter (evidence.is_declared and evidence.is_attested) as in_both,
        count(*) filter (evidence.has_record) as records
    from commits
    left join evidence using (repository_id, commit_id)
    group by all
),

channels as (
    select *, declared > 0 and records > 0 as has_both
    from by_repository
)

select
    scope,
    scope_name,
    quarter_start,
    count(*) filter (has_both) as repositories,
    cast(coalesce(sum(commits) filter (has_both), 0) as bigint) as commits,
    cast(coalesce(sum(declared) filter (has_both), 0) as bigint) as declared,
    cast(coalesce(sum(attested) filter (has_both), 0) as bigint) as attested,
    cast(coalesce(sum(in_both) filter (has_both), 0) as bigint) as in_both,
    cast(sum(declared) as bigint) as all_declared,
    cast(sum(records) as bigint) as all_records
from channels
group by scope, scope_name, quarter_start;

comment on table marts.model_captures is 'One row per scope and quarter in which something landed: commits with evidence of a model, by the channel that it came through.';
comment on column marts.model_captures.scope is 'organisation, repository or team';
comment on column marts.model_captures.scope_name is 'name of the organisation, repository or team';
comment on column marts.model_captures.quarter_start is 'first day of the quarter';
comment on column marts.model_captures.repositories is 'repositories in which both channels are at work in the quarter (count); the four counts after it are of these';
comment on column marts.model_captures.commits is 'commits that landed (count)';
comment on column marts.model_captures.declared is 'commits whose identity or trailer declares a model (count)';
comment on column marts.model_captures.attested is 'commits of which a line-level record says that a model wrote lines (count)';
comment on column marts.model_captures.in_both is 'commits with both (count)';
comment on column marts.model_captures.all_declared is 'commits that declare a model, in every repository (count)';
comment on column marts.model_captures.all_records is 'commits with a line-level record of any content, in every repository (count)';
