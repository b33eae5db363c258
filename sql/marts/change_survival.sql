create or replace table marts.change_survival as
with lives as (
    select
        repository_id,
        commit_id,
        sum(lines) as lines_written,
        sum(lines) filter (is_death and duration_days <= 14) as died_14,
        sum(lines) filter (is_death and duration_days <= 30) as died_30,
        sum(lines) filter (is_death and duration_days <= 90) as died_90,
        sum(lines) filter (not is_death and fate = 'lost' and duration_days < 14) as lost_14,
        sum(lines) filter (not is_death and fate = 'lost' and duration_days < 30) as lost_30,
        sum(lines) filter (not is_death and fate = 'lost' and duration_days < 90) as lost_90
    from marts.line_lives
    group by all
),

ages as (
    select
        changes.repository_id,
        changes.commit_id,
        (epoch(cutoff.cutoff_at) - epoch(changes.landed_at)) / 86400 as age_days
    from marts.landed_changes as changes
    -- known births are what tells a change without lines from one that was not followed
    join staging.line_changes as followed using (repository_id, commit_id)
    cross join marts.cutoff
    where followed.has_known_births and age_days >= 0 and not changes.is_excluded
),

counted as (
    select
        ages.*,
        coalesce(lives.lines_written, 0) as written,
        case when age_days >= 14 then coalesce(lives.died_14, 0) end as died_14,
        case when age_days >= 30 then coalesce(lives.died_30, 0) end as died_30,
        case when age_days >= 90 then coalesce(lives.died_90, 0) end as died_90,
        coalesce(lives.lost_14, 0) as lost_14,
        coalesce(lives.lost_30, 0) as lost_30,
        coalesce(lives.lost_90, 0) as lost_90
    from ages
    left join lives using (repository_id, commit_id)
)

select
    repository_id,
    commit_id,
    age_days,
    cast(written as bigint) as lines_written,
    cast(died_14 as bigint) as lines_died_14_days,
    cast(died_30 as bigint) as lines_died_30_days,
    cast(died_90 as bigint) as lines_died_90_days,
    cast(written - died_14 - lost_14 as bigint) as lines_alive_14_days,
    cast(written - died_30 - lost_30 as bigint) as lines_alive_30_days,
    cast(written - died_90 - lost_90 as bigint) as lines_alive_90_days
from counted;

comment on table marts.change_survival is 'One row per landed change whose lines were followed: what became of the code lines that it wrote.';
comment on column marts.change_survival.repository_id is 'name of the repository';
comment on column marts.change_survival.commit_id is 'the landed change';
comment on column marts.change_survival.age_days is 'its age at the cut-off (days)';
comment on column marts.change_survival.lines_written is 'code lines that it wrote, less those that it only moved or re-spaced (count)';
comment on column marts.change_survival.lines_died_14_days is 'of these, lines that died within 14 days; null: it is younger';
comment on column marts.change_survival.lines_died_30_days is 'of these, lines that died within 30 days; null: it is younger';
comment on column marts.change_survival.lines_died_90_days is 'of these, lines that died within 90 days; null: it is younger';
comment on column marts.change_survival.lines_alive_14_days is 'of these, lines alive at 14 days, less those whose blob was missing by then; null: it is younger';
comment on column marts.change_survival.lines_alive_30_days is 'of these, lines alive at 30 days, less those whose blob was missing by then; null: it is younger';
comment on column marts.change_survival.lines_alive_90_days is 'of these, lines alive at 90 days, less those whose blob was missing by then; null: it is younger';
