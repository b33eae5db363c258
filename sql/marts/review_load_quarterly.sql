create or replace table marts.review_load_quarterly as
-- those that were merged, by the quarter of merging: the load of that quarter
with merged as (
    select
        placed.scope,
        placed.scope_name,
        main.quarter_of(pulls.merged_at at time zone settings.time_zone, settings.fiscal_year_start) as quarter_start,
        pulls.repository_id,
        pulls.pull_request_number,
        pulls.author_class,
        pulls.are_reviews_told,
        pulls.reviews as human_reviews,
        pulls.bot_reviews,
        case
            when pulls.first_reviewed_at is not null
                then greatest(epoch(pulls.first_reviewed_at) - epoch(pulls.opened_at), 0) / 3600
        end as hours_to_review
    from marts.scope_pull_requests as placed
    join marts.pull_requests as pulls using (repository_id, pull_request_number)
    cross join marts.cutoff
    cross join raw.settings
    where pulls.merged_at <= cutoff.cutoff_at
),

grouped as (
    select * exclude (author_class), unnest(['all', author_class]) as author_class from merged
),

reviewers as (
    select
        grouped.scope,
        grouped.scope_name,
        grouped.author_class,
        grouped.quarter_start,
        count(distinct lower(reviews.reviewer_login)) as reviewers
    from grouped
    join marts.counted_reviews as reviews using (repository_id, pull_request_number)
    where not reviews.is_bot and grouped.are_reviews_told
    group by all
),

sums as (
    select
        scope,
        scope_name,
        author_class,
        quarter_start,
        count(*) as merged_pull_requests,
        count(*) filter (are_reviews_told) as told_pull_requests,
        sum(human_reviews) as human_reviews,
        sum(bot_reviews) as bot_reviews,
        count(*) filter (human_reviews = 0 and bot_reviews = 0) as without_review,
        count(*) filter (human_reviews = 0) as without_human_review,
        median(case when are_reviews_told then hours_to_review end) as median_hours_to_review
    from grouped
    group by all
)

select
    sums.scope,
    sums.scope_name,
    sums.author_class,
    sums.quarter_start,
    quarters.quarter,
    quarters.is_partial,
    sums.merged_pull_requests,
    sums.told_pull_requests,
    cast(sums.human_reviews as bigint) as human_reviews,
    cast(sums.bot_reviews as bigint) as bot_reviews,
    sums.human_reviews / nullif(sums.told_pull_requests, 0) as human_reviews_per_pull_request,
    sums.bot_reviews / nullif(sums.told_pull_requests, 0) as bot_reviews_per_pull_request,
    case when sums.told_pull_requests > 0 then coalesce(reviewers.reviewers, 0) end as reviewers,
    case when sums.told_pull_requests > 0 then sums.without_review end as without_review,
    case when sums.told_pull_requests > 0 then sums.without_human_review end as without_human_review,
    sums.without_review / nullif(sums.told_pull_requests, 0) as unreviewed_share,
    sums.without_human_review / nullif(sums.told_pull_requests, 0) as no_human_review_share,
    sums.median_hours_to_review,
    case
        when sums.told_pull_requests = 0 then 'no forge or file told of reviews'
        when sums.told_pull_requests < sums.merged_pull_requests then 'of some pull requests alone are reviews told'
    end as reason
from sums
join marts.quarters as quarters using (scope, scope_name, quarter_start)
left join reviewers using (scope, scope_name, author_class, quarter_start);

comment on table marts.review_load_quarterly is 'One row per scope, author class and quarter in which pull requests were merged: how they were reviewed.';
comment on column marts.review_load_quarterly.scope is 'organisation, repository or team';
comment on column marts.review_load_quarterly.scope_name is 'name of the organisation, repository or team';
comment on column marts.review_load_quarterly.author_class is 'all, or who wrote most of their commits: model, human, automation, undeclared, mixed';
comment on column marts.review_load_quarterly.quarter_start is 'first day of the quarter of merging';
comment on column marts.review_load_quarterly.quarter is 'the quarter, such as 2026Q1';
comment on column marts.review_load_quarterly.is_partial is 'whether the cut-off falls before its end';
comment on column marts.review_load_quarterly.merged_pull_requests is 'pull requests merged (count)';
comment on column marts.review_load_quarterly.told_pull_requests is 'of those, whose reviews are told, if only that there are none: the denominator of all that follows (count)';
comment on column marts.review_load_quarterly.human_reviews is 'submitted reviews by people other than the author (count); null where none is told';
comment on column marts.review_load_quarterly.bot_reviews is 'submitted reviews by bots and agents (count); null where none is told';
comment on column marts.review_load_quarterly.human_reviews_per_pull_request is 'human reviews over told pull requests';
comment on column marts.review_load_quarterly.bot_reviews_per_pull_request is 'bot reviews over told pull requests';
comment on column marts.review_load_quarterly.reviewers is 'different accounts of people who reviewed (count)';
comment on column marts.review_load_quarterly.without_review is 'told pull requests merged without any review by another than the author (count)';
comment on column marts.review_load_quarterly.without_human_review is 'told pull requests merged without one by a person (count)';
comment on column marts.review_load_quarterly.unreviewed_share is 'without_review over told pull requests (0 to 1)';
comment on column marts.review_load_quarterly.no_human_review_share is 'without_human_review over told pull requests (0 to 1)';
comment on column marts.review_load_quarterly.median_hours_to_review is 'median time from opening to the first review by a person, of those that had one (hours)';
comment on column marts.review_load_quarterly.reason is 'why reviews are missing, or of which part they are; null where neither';
