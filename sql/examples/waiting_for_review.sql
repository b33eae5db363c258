-- How many hours does a pull request wait for its first review by somebody else, where reviews are known?
select
    quarter_start,
    author_class,
    count(*) as pull_requests,
    count(first_reviewed_at) as reviewed,
    median(date_diff('minute', opened_at, first_reviewed_at)) / 60 as median_hours_to_first_review,
    avg(reviewers) as mean_reviewers
from marts.pull_requests
where are_reviews_told and not is_excluded and opened_at is not null
group by quarter_start, author_class
order by quarter_start, author_class
