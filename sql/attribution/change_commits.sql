create or replace view attribution.change_commits as
with landings as (
    select * from staging.landings
),

commits as (
    select repository_id, commit_id, parent_count from staging.commits
),

brought as (
    select landings.repository_id, landings.landed_commit_id, landings.commit_id
    from landings
    join commits using (repository_id, commit_id)
    where not landings.is_landed_change and commits.parent_count < 2
),

alone as (
    select landings.repository_id, landings.landed_commit_id, landings.commit_id
    from landings
    anti join brought using (repository_id, landed_commit_id)
    where landings.is_landed_change
)

select * from brought
union all
select * from alone;

comment on view attribution.change_commits is 'One row per landed change and commit that its lines are attributed by: for a merge the commits that it brought in without merges among them, else itself.';
comment on column attribution.change_commits.repository_id is 'name of the repository';
comment on column attribution.change_commits.landed_commit_id is 'the landed change';
comment on column attribution.change_commits.commit_id is 'a commit that its lines are attributed by';
