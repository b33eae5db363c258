create or replace table staging.reviews as
select
    repository_id,
    number as pull_request_number,
    review_id,
    reviewer_login,
    -- true where either says so, null where neither tells
    reviewer_is_bot or ends_with(lower(reviewer_login), '[bot]') as reviewer_is_bot,
    state,
    submitted_at,
    comments,
    fetched_at as told_at
from raw.forge_reviews
-- told by two sources under two ids, it is still one review
qualify reviewer_login is null
    or submitted_at is null
    or row_number() over (
        partition by repository_id, number, lower(reviewer_login), submitted_at
        order by fetched_at desc, review_id
    ) = 1;

comment on table staging.reviews is 'One row per review of a pull request.';
comment on column staging.reviews.repository_id is 'name of the repository';
comment on column staging.reviews.pull_request_number is 'number of the pull request';
comment on column staging.reviews.review_id is 'the forge''s own id of it';
comment on column staging.reviews.reviewer_login is 'account of the reviewer; null where it is gone';
comment on column staging.reviews.reviewer_is_bot is 'whether the forge calls that account a bot, or its login ends in [bot]; null where not told';
comment on column staging.reviews.state is 'approved, changes_requested, commented, dismissed or pending';
comment on column staging.reviews.submitted_at is 'when it was submitted (UTC)';
comment on column staging.reviews.comments is 'comments on lines in it (count); null where not told';
comment on column staging.reviews.told_at is 'when it was last told (UTC)';
