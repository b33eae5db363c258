create or replace view marts.scope_changes as
with changes as (
    select changes.*
    from marts.landed_changes as changes
    cross join marts.cutoff
    where not changes.is_excluded and changes.landed_at <= cutoff.cutoff_at
)

select scopes.scope, scopes.scope_name, changes.*
from marts.scopes
cross join changes
where scopes.scope = 'organisation'
union all
select scopes.scope, scopes.scope_name, changes.*
from marts.scopes
join changes on changes.repository_id = scopes.repository_id
union all
select 'team', teams.team, changes.*
from marts.change_teams as teams
join changes using (repository_id, commit_id);

comment on view marts.scope_changes is 'One row per scope and landed change that counts in it: what the settings exclude and what landed after the cut-off is left out.';
comment on column marts.scope_changes.scope is 'organisation, repository or team';
comment on column marts.scope_changes.scope_name is 'name of the organisation, repository or team';
comment on column marts.scope_changes.repository_id is 'name of the repository';
comment on column marts.scope_changes.commit_id is 'the commit';
comment on column marts.scope_changes.position is 'index in the first-parent chain; 0 is the oldest';
comment on column marts.scope_changes.landed_at is 'when it landed: committer time (UTC)';
comment on column marts.scope_changes.landed_day is 'day it landed, in the time zone of the settings';
comment on column marts.scope_changes.quarter_start is 'first day of its quarter';
comment on column marts.scope_changes.quarter is 'its quarter, such as 2026Q1';
comment on column marts.scope_changes.subject is 'first line of its message';
comment on column marts.scope_changes.kind is 'merge, squash (one commit that stands for a pull request) or direct';
comment on column marts.scope_changes.pull_request_number is 'pull request that it stands for; null where none is known';
comment on column marts.scope_changes.pull_requests is 'pull requests that it landed (count); null where none is known';
comment on column marts.scope_changes.contributor_id is 'contributor who wrote most of it; null for bots and agents';
comment on column marts.scope_changes.commits is 'commits that its lines are attributed by (count)';
comment on column marts.scope_changes.files is 'changed files (count); null where the diff is not known';
comment on column marts.scope_changes.missing_files is 'changed files without line counts (count)';
comment on column marts.scope_changes.added_lines is 'added lines, all file classes; null where not known';
comment on column marts.scope_changes.deleted_lines is 'deleted lines, all file classes; null where not known';
comment on column marts.scope_changes.net_lines is 'added minus deleted lines, all file classes';
comment on column marts.scope_changes.code_lines is 'added lines in files of class source and test; null where not known';
comment on column marts.scope_changes.net_code_lines is 'added minus deleted lines in files of class source and test';
comment on column marts.scope_changes.model_lines is 'code lines that a model wrote, by the evidence';
comment on column marts.scope_changes.human_lines is 'code lines that a human wrote';
comment on column marts.scope_changes.automation_lines is 'code lines that automation wrote';
comment on column marts.scope_changes.undeclared_lines is 'code lines without evidence either way';
comment on column marts.scope_changes.attested_lines is 'model lines by line-level records';
comment on column marts.scope_changes.declared_lines is 'model lines by identities and trailers';
comment on column marts.scope_changes.indicated_lines is 'model lines by body text and branch names';
comment on column marts.scope_changes.model_share is 'share of its code lines by a model (0 to 1)';
comment on column marts.scope_changes.human_share is 'share by a human (0 to 1)';
comment on column marts.scope_changes.automation_share is 'share by automation (0 to 1)';
comment on column marts.scope_changes.undeclared_share is 'share without evidence (0 to 1)';
comment on column marts.scope_changes.tier is 'strongest tier of evidence';
comment on column marts.scope_changes.agent is 'agent with the largest share';
comment on column marts.scope_changes.model is 'model with the largest share, where told';
comment on column marts.scope_changes.is_excluded is 'whether the settings leave it out of every measure';
comment on column marts.scope_changes.exclusion_reason is 'why, as the settings say';
