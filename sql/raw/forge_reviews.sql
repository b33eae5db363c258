create or replace table raw.forge_reviews as
select told.* replace (names.repository_id as repository_id)
from lake_forge_reviews as told
join raw.forge_repositories as names on names.told_name = told.repository_id
where names.is_counted
qualify row_number() over (
    partition by names.repository_id, told.number, told.review_id
    order by told.fetched_at desc, told.submitted_at desc nulls last, hash(told)
) = 1;

comment on table raw.forge_reviews is 'One row per review of a pull request, as last told.';
comment on column raw.forge_reviews.repository_id is 'name of the repository';
comment on column raw.forge_reviews.number is 'number of the pull request on the forge';
comment on column raw.forge_reviews.fetched_at is 'when it was told (UTC)';
comment on column raw.forge_reviews.review_id is 'the forge''s own id of it';
comment on column raw.forge_reviews.reviewer_login is 'account of the reviewer; null where it is gone';
comment on column raw.forge_reviews.reviewer_is_bot is 'whether the forge calls that account a bot; null where not told';
comment on column raw.forge_reviews.state is 'approved, changes_requested, commented, dismissed or pending';
comment on column raw.forge_reviews.submitted_at is 'when it was submitted (UTC)';
comment on column raw.forge_reviews.comments is 'comments on lines in it (count); null where not told';
