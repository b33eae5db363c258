-- How many reviews does a merged pull request get, and how many are merged without one?
select quarter, author_class, told_pull_requests, human_reviews_per_pull_request,
    bot_reviews_per_pull_request, unreviewed_share, no_human_review_share, median_hours_to_review, reason
from marts.review_load_quarterly
where scope = 'organisation'
order by quarter_start, author_class
