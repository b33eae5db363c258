-- A contributor who is active in k repositories on a day counts 1/k in each, so that the parts add up
-- to the active contributors of the organisation. Spans without a break are cut where k changes.
create or replace table marts.repository_rates as
with spans as (
    select scope_name as repository_id, contributor_id, active_from, active_to
    from marts.contributor_activity
    where scope = 'repository'
),

edges as (
    select contributor_id, active_from as day from spans
    union
    select contributor_id, cast(active_to + 1 as date) from spans
),

segments as (
    select
        contributor_id,
        day as first_day,
        cast(lead(day) over (partition by contributor_id order by day) - 1 as date) as last_day
    from edges
),

parts as (
    select
        spans.repository_id,
        segments.first_day,
        segments.last_day,
        1 / count(*) over (partition by segments.contributor_id, segments.first_day) as part
    from segments
    join spans
        on spans.contributor_id = segments.contributor_id
        and segments.first_day between spans.active_from and spans.active_to
),

quarters as (
    select * from marts.quarters where scope = 'organisation'
),

days as (
    select
        quarter_start,
        day,
        active_contributors,
        cast(1 / nullif(active_contributors, 0) as decimal(38, 18)) as inverse,
        coalesce(sum(inverse) over (order by day), 0) as inverses
    from marts.days
    where scope = 'organisation'
),

defined as (
    select quarter_start, count(inverse) as days
    from days
    group by quarter_start
),

contributors as (
    select
        parts.repository_id,
        quarters.quarter_start,
        main.exact_sum(
            parts.part * (until.inverses - since.inverses + coalesce(since.inverse, 0))
        ) as share_days
    from parts
    join quarters
        on parts.first_day <= quarters.last_day and parts.last_day >= quarters.first_day
    join days as since on since.day = greatest(parts.first_day, quarters.first_day)
    join days as until on until.day = least(parts.last_day, quarters.last_day)
    group by all
),

landed as (
    select
        units.repository_id,
        units.quarter_start,
        main.exact_sum(units.capped_units / nullif(days.active_contributors, 0)) as rate_days
    from marts.change_units as units
    join days on days.day = units.landed_day
    where units.scope = 'organisation' and units.measure = 'code_lines'
    group by all
)

select
    quarter_start,
    repository_id,
    coalesce(landed.rate_days, 0) / nullif(defined.days, 0) as contribution,
    coalesce(contributors.share_days, 0) / nullif(defined.days, 0) as contributor_share,
    contribution / nullif(contributor_share, 0) as rate
from contributors
full join landed using (quarter_start, repository_id)
join defined using (quarter_start);

comment on table marts.repository_rates is 'One row per quarter and repository in which somebody was active or something landed: its part of the organisation''s bar.';
comment on column marts.repository_rates.quarter_start is 'first day of the quarter';
comment on column marts.repository_rates.repository_id is 'name of the repository';
comment on column marts.repository_rates.contribution is 'capped lines landed in it per active contributor of the organisation and day, mean over days; these add up to the bar; null without a day with an active contributor';
comment on column marts.repository_rates.contributor_share is 'its share of the active contributors (0 to 1), mean over days: who is active in several repositories counts in equal parts';
comment on column marts.repository_rates.rate is 'capped lines landed in it per contributor of its own and day; null without any';
