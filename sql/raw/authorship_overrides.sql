create or replace table raw.authorship_overrides as
select * from given_authorship_overrides;

comment on table raw.authorship_overrides is 'One row per override of authorship in the settings.';
comment on column raw.authorship_overrides.position is 'place in the settings, from 1; of several that match, the last decides';
comment on column raw.authorship_overrides.repository is 'name or glob of the repositories that it holds for; null for all';
comment on column raw.authorship_overrides.commit_ids is 'commits that it holds for, or the starts of their ids; empty: all';
comment on column raw.authorship_overrides.author_email is 'author address that it holds for, lower case; null for all';
comment on column raw.authorship_overrides.by_agent is 'agent or bot of which the commit must bear evidence; null for all';
comment on column raw.authorship_overrides.paths is 'patterns of the paths that it holds for, as written; empty: all';
comment on column raw.authorship_overrides.path_patterns is 'the same as RE2 expressions';
comment on column raw.authorship_overrides.from_date is 'first author day (UTC) that it holds for; null: no first';
comment on column raw.authorship_overrides.to_date is 'last author day (UTC) that it holds for; null: no last';
comment on column raw.authorship_overrides.author_class is 'model, human, automation or undeclared';
comment on column raw.authorship_overrides.agent is 'agent or bot to credit; null where none is named';
comment on column raw.authorship_overrides.reason is 'why, as the settings say';
