create or replace table marts.languages_quarterly as
with added as (
    select
        changes.scope,
        changes.scope_name,
        changes.quarter_start,
        changes.quarter,
        coalesce(file_changes.language, 'not known') as language,
        cast(coalesce(sum(file_changes.added_lines), 0) as bigint) as added_lines
    from marts.scope_changes as changes
    join staging.classified_changes as file_changes using (repository_id, commit_id)
    where file_changes.class in ('source', 'test')
    group by all
)

select
    *,
    added_lines / nullif(
        cast(sum(added_lines) over (partition by scope, scope_name, quarter_start) as bigint), 0
    ) as share
from added;

comment on table marts.languages_quarterly is 'One row per scope, quarter and language with a landed change to a file of class source or test.';
comment on column marts.languages_quarterly.scope is 'organisation, repository or team';
comment on column marts.languages_quarterly.scope_name is 'name of the organisation, repository or team';
comment on column marts.languages_quarterly.quarter_start is 'first day of the quarter';
comment on column marts.languages_quarterly.quarter is 'the quarter, such as 2026Q1';
comment on column marts.languages_quarterly.language is 'language by name or ending of the file; not known where neither tells';
comment on column marts.languages_quarterly.added_lines is 'added lines of source and tests, where known, uncapped';
comment on column marts.languages_quarterly.share is 'those over the added lines of source and tests of all languages in the quarter (0 to 1); null where none was added';
