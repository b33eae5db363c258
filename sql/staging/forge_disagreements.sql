create or replace table staging.forge_disagreements as
-- what each source last told; times to the second, as some cut them there
with newest as (
    select
        repository_id,
        number,
        source,
        arg_max(case when merged_at is not null then 'merged' else state end, fetched_at) as state,
        cast(arg_max(date_trunc('second', created_at), fetched_at) as varchar) as created_at,
        cast(arg_max(date_trunc('second', merged_at), fetched_at) as varchar) as merged_at,
        lower(arg_max(author_login, fetched_at)) as author_login,
        arg_max(merge_commit_id, fetched_at) filter (merged_at is not null) as merge_commit_id,
        arg_max(head_commit_id, fetched_at) as head_commit_id,
        arg_max(base_branch, fetched_at) as base_branch
    from raw.forge_pull_requests
    group by repository_id, number, source
),

told as (
    unpivot newest
    on state, created_at, merged_at, author_login, merge_commit_id, head_commit_id, base_branch
    into name field value told_value
)

select
    repository_id,
    number as pull_request_number,
    field,
    list_sort(list(source)) as sources
from told
group by repository_id, number, field
having count(distinct told_value) > 1;

comment on table staging.forge_disagreements is 'One row per pull request and field about which forges and files say different things.';
comment on column staging.forge_disagreements.repository_id is 'name of the repository';
comment on column staging.forge_disagreements.pull_request_number is 'number on the forge';
comment on column staging.forge_disagreements.field is 'the column of raw.forge_pull_requests';
comment on column staging.forge_disagreements.sources is 'who tell of it, in order of name';
