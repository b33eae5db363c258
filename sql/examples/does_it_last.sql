-- How much of the code of a quarter is gone within 30 days, and alive at 90, by who wrote it?
select
    quarter,
    author_class,
    lines_written,
    churn30,
    alive_share_90_days,
    followed_share,
    coalesce(reason_30_days, reason_90_days) as reason
from marts.survival_cohorts
where scope = 'organisation'
order by quarter_start, author_class
