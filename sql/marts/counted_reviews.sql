create or replace view marts.counted_reviews as
select
    reviews.repository_id,
    reviews.pull_request_number,
    reviews.reviewer_login,
    coalesce(reviews.reviewer_is_bot, false) as is_bot,
    reviews.state,
    reviews.submitted_at
from staging.reviews
join staging.pull_requests as pulls using (repository_id, pull_request_number)
cross join marts.cutoff
where reviews.state is distinct from 'pending'
    -- an answer to a review is kept as a review of one's own
    and coalesce(lower(reviews.reviewer_login) != lower(pulls.author_login), true)
    and coalesce(reviews.submitted_at <= cutoff.cutoff_at, true);

comment on view marts.counted_reviews is 'One row per review that counts: submitted up to the cut-off, by another than the author of the pull request.';
comment on column marts.counted_reviews.repository_id is 'name of the repository';
comment on column marts.counted_reviews.pull_request_number is 'number on the forge';
comment on column marts.counted_reviews.reviewer_login is 'account that gave it; null where the account is gone';
comment on column marts.counted_reviews.is_bot is 'whether that is a bot''s or an agent''s';
comment on column marts.counted_reviews.state is 'approved, changes_requested, commented or dismissed, as told';
comment on column marts.counted_reviews.submitted_at is 'when it was submitted (UTC); null where not told';
