create or replace table raw.exclusions as
select * from given_exclusions;

comment on table raw.exclusions is 'One row per exclusion in the settings.';
comment on column raw.exclusions.repository_id is 'repository that it holds for; null for all';
comment on column raw.exclusions.commit_id is 'commit to leave out, or the start of its id; null otherwise';
comment on column raw.exclusions.author_email is 'author address to leave out, lower case; null otherwise';
comment on column raw.exclusions.reason is 'why, as the settings say';
