-- How long does it take until half of all pull requests that are opened have been merged?
select quarter, author_class, pull_requests, merged_1_day, merged_7_days, merged_30_days,
    median_days, median_days_low, median_days_high, reason
from marts.time_to_merge_quarterly
where scope = 'organisation'
order by quarter_start, author_class
